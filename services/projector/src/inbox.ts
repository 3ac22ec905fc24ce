/**
 * Where a loop waits for whatever comes first of several things. Unlike `Promise.race` it leaves nothing
 * behind on those that did not come: a partition may be idle for days with one poll pending.
 */
export interface Inbox<T> {
  put(item: T): void;
  /** Makes the next `take` fail. */
  fail(error: unknown): void;
  /** The oldest item that was put. One caller at a time. */
  take(): Promise<T>;
}

export function createInbox<T>(): Inbox<T> {
  const entries: ({ readonly item: T } | { readonly error: unknown })[] = [];
  let wake: (() => void) | undefined;

  function add(entry: { readonly item: T } | { readonly error: unknown }): void {
    entries.push(entry);
    wake?.();
    wake = undefined;
  }

  return {
    put: (item) => add({ item }),
    fail: (error) => add({ error }),
    async take() {
      while (entries.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const entry = entries.shift() as (typeof entries)[number];
      if ('error' in entry) throw entry.error;
      return entry.item;
    },
  };
}
