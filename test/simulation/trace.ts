/**
 * What happened, line by line: a hash of all of it, to see that a seed replays identically, and the last
 * lines, to see what led to a failure.
 */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  readonly #last: string[] = [];
  #count = 0;

  constructor(readonly keptMax = 0) {}

  note(atMs: number, line: string): void {
    this.#count += 1;
    let low = this.#low ^ Math.round(atMs * 1000);
    let high = this.#high;
    for (let i = 0; i < line.length; i++) {
      low = Math.imul(low ^ line.charCodeAt(i), 0x01000193);
      high = (Math.imul(high, 31) + line.charCodeAt(i)) | 0;
    }
    this.#low = low;
    this.#high = high;
    this.remark(atMs, line);
  }

  /** A line to be read that is no part of the hash. */
  remark(atMs: number, line: string): void {
    if (this.keptMax === 0) return;
    this.#last.push(`${atMs.toFixed(3).padStart(12)}  ${line}`);
    if (this.#last.length > 2 * this.keptMax) this.#last.splice(0, this.keptMax);
  }

  get hash(): string {
    const hex = (number: number): string => (number >>> 0).toString(16).padStart(8, '0');
    return `${hex(this.#low)}${hex(this.#high)}:${this.#count}`;
  }

  get last(): readonly string[] {
    return this.#last.slice(-this.keptMax);
  }
}
