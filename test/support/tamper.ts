import type { Message } from '@stepfold/fold';
import { pick, type Chance } from './chance.js';

/** Every path of a JSON value that leads to a value, containers included. */
function pathsOf(value: unknown): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...pathsOf(inner).map((path) => [name, ...path]),
  ]);
}

export interface Tampered {
  readonly message: Message;
  readonly done: string;
}

/** A message with one field changed, removed or added, and what was done; undefined if it came to nothing. */
export function tamper(chance: Chance, message: Message): Tampered | undefined {
  const copy = structuredClone(message);
  const path = pick(chance, pathsOf(copy));
  const names = [...path];
  const last = names.pop()!;
  const holder = names.reduce<Record<string, unknown>>(
    (inner, name) => Object.getOwnPropertyDescriptor(inner, name)!.value as Record<string, unknown>,
    copy as unknown as Record<string, unknown>,
  );
  const former = Object.getOwnPropertyDescriptor(holder, last)!.value as unknown;
  const way = chance.below(3);
  let done: string;
  if (way === 0) {
    const value = changed(chance, former);
    Object.defineProperty(holder, last, { value, enumerable: true, configurable: true, writable: true });
    done = `changed ${path.join('.')} from ${JSON.stringify(former)} to ${JSON.stringify(value)}`;
  } else if (way === 1) {
    if (Array.isArray(holder)) holder.splice(Number(last), 1);
    else delete holder[last];
    done = `removed ${path.join('.')}`;
  } else {
    if (Array.isArray(holder)) holder.splice(Number(last), 0, 'added');
    else holder['added'] = 1;
    done = `added beside ${path.join('.')}`;
  }
  const stored = JSON.parse(JSON.stringify(copy)) as Message;
  const isTheSame = JSON.stringify(sorted(stored)) === JSON.stringify(sorted(message));
  return isTheSame ? undefined : { message: stored, done };
}

function changed(chance: Chance, value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return pick(chance, [value + 1, value - 1, 0, -1, String(value), null]);
    case 'string':
      return pick(chance, [`${value}x`, '', 'open', 'complete', 0]);
    default:
      return pick(chance, ['x', 0, null, {}, []]);
  }
}

/** Key order means nothing to a store. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}
