/** Turns the parsed JSON of one version into that of the next. Must not change its input, must not throw. */
export type Upcaster = (raw: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** Upcasters by the version that they read: `{0: …}` makes version 1 of version 0. */
export type Upcasters = Readonly<Record<number, Upcaster>>;
