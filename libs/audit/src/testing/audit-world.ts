import type { Event } from '@stepfold/events';
import type { CreateSha256, Message } from '@stepfold/fold';
import { verify, type VerifyOptions } from '../verify.js';
import type { Verification } from '../tally.js';
import { allVersions } from './all-versions.js';
import { InMemoryLog } from './in-memory-log.js';
import { InMemoryStore } from './in-memory-store.js';

/** 2026-04-10T12:00:00Z */
export const AT = 1_775_822_400_000_000;

/** A log of one partition and a store, and what a projector and a writer would do between them. */
export class AuditWorld {
  readonly log: InMemoryLog;
  readonly store = new InMemoryStore();
  #at = AT;

  constructor(
    readonly createSha256: CreateSha256,
    generation = 0,
  ) {
    this.log = new InMemoryLog(1, generation);
  }

  /** Appends an event of a step of chat `c`, one second after the one before, and answers its offset. */
  append(stepId: string, type: Event['type'], fields: Readonly<Record<string, unknown>> = {}): number {
    this.#at += 1_000_000;
    const event = { v: 1, chat_id: 'c', step_id: stepId, at: this.#at, type, ...fields };
    return this.log.appendEvent(event as unknown as Event);
  }

  /** A step of four events that ends: start, text, finish, end. Answers the offset of the last. */
  appendStep(stepId: string, fields: Readonly<Record<string, unknown>> = {}): number {
    this.append(stepId, 'step-start', fields);
    this.append(stepId, 'text-delta', { id: '0', text: `text of ${stepId}`, ...fields });
    this.append(stepId, 'finish', { finish_reason: 'stop', ...fields });
    return this.append(stepId, 'step-end', fields);
  }

  /** The versions of one step as a projector would make them, first to last. */
  versions(stepId: string): Message[] {
    return allVersions(this.log, this.createSha256)
      .map(({ message }) => message)
      .filter((message) => message.step_id === stepId);
  }

  /** Stores the last version of every step that events before `offset` make, and that as the progress. */
  storeUpTo(offset = this.log.nextOffset()): void {
    for (const version of allVersions(this.log, this.createSha256)) {
      if (version.offset < offset) this.store.put(version.message);
    }
    this.store.setProgress(offset, 0, this.log.generation);
  }

  /** Changes fields of a stored message by hand, by paths such as `parts.0.text`. Undefined takes one away. */
  tamper(stepId: string, changes: Readonly<Record<string, unknown>>): void {
    const message = structuredClone(this.store.get('c', stepId)!);
    for (const [path, value] of Object.entries(changes)) {
      const names = path.split('.');
      const last = names.pop()!;
      let holder = message as unknown as Record<string, unknown>;
      for (const name of names) holder = holder[name] as Record<string, unknown>;
      if (value === undefined) delete holder[last];
      else holder[last] = value;
    }
    this.store.put(message, 'c', stepId);
  }

  verify(options: Partial<VerifyOptions> = {}): Promise<Verification> {
    const { log, store, createSha256 } = this;
    return verify({ log, store, createSha256, ...options });
  }
}
