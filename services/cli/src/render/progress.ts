import type { Host } from '../host.js';

/** The line at the foot of a terminal that says how far some long work has got. */
export interface Progress extends Disposable {
  /** May be called as often as something was done. `total` may change; 0 is not known yet. */
  readonly report: (done: number, total: number) => void;
}

/**
 * Shows progress on standard error if that is a terminal; nothing anywhere else. Disposing removes the line.
 * @param label what is being done, such as `verifying`
 * @param unit what is counted, in the plural
 */
export function openProgress(_host: Host, _label: string, _unit: string): Progress {
  return { report: () => undefined, [Symbol.dispose]: () => undefined };
}
