import fs from 'node:fs';
import path from 'node:path';
import { createEventCodec, type Event, type JsonValue } from '@stepfold/events';

/** One case of the contract: events in, outcomes and messages out. */
export interface Vector {
  readonly name: string;
  readonly why: string;
  readonly events: readonly Event[];
  readonly outcomes: readonly string[];
  readonly messages: readonly JsonValue[];
}

const folder = path.resolve(__dirname, '../vectors');

export function readVectors(): readonly Vector[] {
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as Vector);
}

const codec = createEventCodec();

/** Every event of a vector as a log would hold it: encoded, and decoded again. */
export function decodedEvents(vector: Vector): readonly Event[] {
  return vector.events.map((event) => {
    const decoded = codec.decode(codec.encode(event));
    if (!decoded.ok) throw new Error(`${vector.name}: ${decoded.code} ${decoded.detail}`);
    return decoded.event;
  });
}
