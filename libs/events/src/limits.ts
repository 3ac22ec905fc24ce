/** Limits of events, from `contract/events.md`. Each has its unit in its name. */

/** Largest event as UTF-8 JSON. */
export const EVENT_BYTES_MAX = 8 * 1024 * 1024;
/** Deepest nesting of a JSON value inside an event; `[]` is one level. */
export const JSON_DEPTH_MAX = 64;
/** Deepest nesting of a whole event, unknown fields included: deeper ones could not be written again. */
export const EVENT_DEPTH_MAX = 128;
/** Highest attempt of a step. */
export const ATTEMPT_MAX = 1_000_000;
/** Lowest stamp in microseconds since the epoch: milliseconds given by mistake lie below it. */
export const STAMP_MICROS_MIN = 1_000_000_000_000_000;
/** Stamps are exact integers below this. */
export const STAMP_MICROS_END = 2 ** 53;
/** Parts of one message, synthetic results apart. */
export const PARTS_MAX = 10_000;
