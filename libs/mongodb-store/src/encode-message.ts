import { BSON } from 'mongodb';
import type { Message, Part } from '@stepfold/fold';
import { orderOf } from '@stepfold/message-store';
import { isExactInBson, isExactKey } from './bson-exactness.js';
import { callsOf, durationOf } from './durations.js';
import {
  DURATION_NAME,
  jsonNameOf,
  longNames,
  microsNameOf,
  structureNames,
  valueNames,
} from './stored-names.js';

/** A message as a document of the collection: plain values, Dates, and bigints where BSON has 64-bit integers. */
export type MessageDocument = { readonly _id: string } & Readonly<Record<string, unknown>>;

/** Above so many bytes of BSON, values that JSON text makes smaller are stored as that. */
export const COMPACT_BYTES_MIN = 15 * 1024 * 1024;

/** Thrown for what can never be a document; the message says why, without anything of the content. */
export class NotEncodableError extends Error {
  override readonly name = 'NotEncodableError';
}

export function documentIdOf(chatId: string, stepId: string): string {
  return `${chatId}:${stepId}`;
}

export interface EncodedMessage {
  readonly document: MessageDocument;
  /** Of its BSON. */
  readonly bytes: number;
}

/**
 * The document of a message, `contract/message.md` "MongoDB form". Fields that this version does not know are kept: a
 * number whose name ends like a stamp is one, and what holds other values is taken for JSON of an application.
 * @throws NotEncodableError
 */
export function encodeMessage(message: Message, compactBytesMin = COMPACT_BYTES_MIN): EncodedMessage {
  const document = documentOf(message, false);
  const bytes = BSON.calculateObjectSize(document);
  if (bytes <= compactBytesMin) return { document, bytes };
  const compact = documentOf(message, true);
  return { document: compact, bytes: BSON.calculateObjectSize(compact) };
}

function documentOf(message: Message, isCompact: boolean): MessageDocument {
  const document: Record<string, unknown> = {
    _id: documentIdOf(message.chat_id, message.step_id),
    order: orderOf(message),
  };
  addFields(document, message, isCompact);
  if (Array.isArray(message.parts))
    addDurations(document['parts'] as Record<string, unknown>[], message.parts);
  return document as MessageDocument;
}

function addDurations(stored: readonly Record<string, unknown>[], parts: readonly Part[]): void {
  const calls = callsOf(parts);
  for (const [i, part] of parts.entries()) {
    const duration = durationOf(part, calls);
    if (duration !== undefined) stored[i]![DURATION_NAME] = BigInt(duration);
  }
}

function addFields(target: Record<string, unknown>, source: object, isCompact: boolean): void {
  for (const [name, value] of Object.entries(source) as [string, unknown][]) {
    if (value === undefined) continue;
    if (valueNames.has(name)) addValue(target, name, value, isCompact);
    else if (typeof value === 'number') addNumber(target, name, value);
    else if (typeof value === 'object' && value !== null) {
      if (structureNames.has(name)) target[name] = structureOf(value, isCompact);
      else addValue(target, name, value, isCompact);
    } else if (typeof value === 'string' || typeof value === 'boolean' || value === null) {
      target[checkedName(name)] = value;
    } else {
      throw new NotEncodableError(`The message holds a ${typeof value}, which is not JSON.`);
    }
  }
}

function structureOf(value: object, isCompact: boolean): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) =>
      typeof item === 'object' && item !== null ? structureOf(item, isCompact) : item,
    );
  }
  const target: Record<string, unknown> = {};
  addFields(target, value, isCompact);
  return target;
}

function addNumber(target: Record<string, unknown>, name: string, value: number): void {
  const microsName = microsNameOf(name);
  if (microsName !== undefined && Number.isSafeInteger(value)) {
    target[checkedName(name)] = new Date(Math.floor(value / 1_000));
    target[microsName] = BigInt(value);
  } else if (Number.isSafeInteger(value) && (longNames.has(name) || value !== (value | 0))) {
    target[checkedName(name)] = BigInt(value);
  } else {
    target[checkedName(name)] = value;
  }
}

function addValue(target: Record<string, unknown>, name: string, value: unknown, isCompact: boolean): void {
  if (isExactInBson(value) && !(isCompact && isSmallerAsJson(value))) target[checkedName(name)] = value;
  else target[checkedName(jsonNameOf(name))] = jsonOf(value);
}

function isSmallerAsJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Buffer.byteLength(jsonOf(value), 'utf8') < BSON.calculateObjectSize(value);
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new NotEncodableError('The message holds a value that cannot be written as JSON.', { cause });
  }
  if (text === undefined)
    throw new NotEncodableError(`The message holds a ${typeof value}, which is not JSON.`);
  return text;
}

function checkedName(name: string): string {
  if (!isExactKey(name))
    throw new NotEncodableError('The message has a field whose name a document cannot have.');
  return name;
}
