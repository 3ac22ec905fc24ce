import type { Call } from './chat-turns.js';

/** What a provider takes as the id of a call. */
export interface CallIdRule {
  readonly lengthMax: number;
}

/**
 * Ids of calls for one request. An id stays as it is where the provider takes it and no other call of the chat has it
 * (providers number from 0 in each step, and one chat may have seen several providers); otherwise it is made to fit.
 * The same chat gives the same ids.
 */
export function createCallIds({ lengthMax }: CallIdRule): (call: Call) => string {
  const given = new Map<Call, string>();
  const taken = new Set<string>();
  return (call) => {
    const known = given.get(call);
    if (known !== undefined) return known;
    const base = plainName(call.part.tool_call_id, lengthMax);
    let id = base;
    for (let number = 2; taken.has(id); number++) {
      const ending = `_${number}`;
      id = base.slice(0, lengthMax - ending.length) + ending;
    }
    taken.add(id);
    given.set(call, id);
    return id;
  };
}

/** A name of letters, digits, `_` and `-`: what all providers take as the id of a call and the name of a tool. */
export function plainName(name: string, lengthMax: number): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, lengthMax);
}
