import type { Event } from '@stepfold/events';

/** Where the events of a converted stream belong. */
export interface ConverterContext {
  readonly chatId: string;
  /** The `run_id` of every step; step n of the stream has the id `runId.n`. At most 180 characters. */
  readonly runId: string;
  /** Index of the first step, where others of the run came before this stream. Default 0. */
  readonly firstStepIndex?: number;
}

/**
 * A source of streams: how its parts become events. To add one, write a file that exports a `Format` whose
 * converter is a small state machine over a `StepWriter` (`step-writer.ts` says what it takes care of), and
 * name it in `formats.ts`.
 */
export interface Format {
  readonly name: string;
  /** Files of this format may also be what came over HTTP: server-sent events whose data are the parts. */
  readonly isSentOverHttp?: boolean;
  createConverter(context: ConverterContext): Converter;
}

/**
 * Turns the parts of one stream into events, in order. Total: takes any value as a part, never throws, and
 * every event is one that the codec takes. The events have no producer and no seq (whoever publishes them
 * adds those), and their `at` is the time of the part that tells what happened.
 */
export interface Converter {
  /**
   * The events that this part leads to. Some parts wait for the next one (an error is fatal only if nothing
   * follows), so an event may carry the time of an earlier part.
   *
   * @param at microseconds since the epoch; must be a stamp
   */
  convert(part: unknown, at: number): Event[];
  /** The stream is over. What is still open was cut off: `interrupt` with reason `eof`, or a fatal error. */
  end(at: number): Event[];
  /**
   * Parts that were passed over, by name, and how often: types that the format does not know, and known ones
   * that can mean nothing where they stand.
   */
  readonly unknownParts: ReadonlyMap<string, number>;
}
