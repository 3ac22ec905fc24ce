import type { Message } from '@stepfold/fold';
import { CorruptStateError } from '@stepfold/runtime';
import {
  documentNames,
  DURATION_NAME,
  microsNameOf,
  stampNameOf,
  structureNames,
  valueNameOf,
  valueNames,
} from './stored-names.js';

/**
 * The message of a document, as the driver gives documents with its own settings. It needs nothing but the document,
 * and takes the fields that are there, whatever version has written them: what is missing stays missing. Microseconds
 * are exact and decide; of a stamp that has only its Date, the milliseconds are what is known of it. Fields that
 * somebody has added are kept if they are JSON, and shown like any other; those with types that only BSON has are not.
 * @throws CorruptStateError `data-unreadable` if JSON text of the document is none
 */
export function decodeMessage(document: object): Message {
  return fieldsOf(document, true) as unknown as Message;
}

function fieldsOf(stored: object, isMessage: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stored) as [string, unknown][]) {
    if (name === DURATION_NAME || name === '__proto__' || (isMessage && documentNames.has(name))) continue;
    const stampName = stampNameOf(name);
    if (stampName !== undefined && isNumber(value)) {
      fields[stampName] = Number(value);
    } else if (value instanceof Date) {
      // Where its microseconds stand beside it, they have come or will come to the same place.
      if (microsNameOf(name) !== undefined) fields[name] ??= value.getTime() * 1_000;
    } else if (typeof value === 'string' && valueNameOf(name) !== undefined) {
      fields[valueNameOf(name)!] = parsed(value, stored, name);
    } else if (valueNames.has(name)) {
      fields[name] ??= value;
    } else if (structureNames.has(name)) {
      fields[name] = structureOf(value);
    } else if (isNumber(value)) {
      fields[name] = Number(value);
    } else if (!isOfBsonAlone(value)) {
      fields[name] = value;
    }
  }
  return fields;
}

function structureOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structureOf);
  return typeof value === 'object' && value !== null ? fieldsOf(value, false) : value;
}

function parsed(text: string, stored: object, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const place = '_id' in stored ? ` of the message ${String(stored._id)}` : ' of a message';
    throw new CorruptStateError('data-unreadable', `The field ${name}${place} holds no JSON.`, { cause });
  }
}

/** Integers of 64 bits come as numbers, or as Longs where a double cannot hold them. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number' || bsonTypeOf(value) === 'Long';
}

function isOfBsonAlone(value: unknown): boolean {
  return bsonTypeOf(value) !== undefined;
}

function bsonTypeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '_bsontype' in value ? value._bsontype : undefined;
}
