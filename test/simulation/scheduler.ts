/**
 * Virtual time and the order of everything that happens in it. There is one thread and one queue: an event
 * runs, whatever it woke runs on until nothing but timers and answers is awaited, and only then comes the
 * next event. So the code between two awaits is never interleaved with other code, as in a real process,
 * and between two awaits anything may happen.
 */
export class Scheduler {
  /** Virtual milliseconds since the beginning. */
  nowMs = 0;
  /** How many events have run: an order for things that happen in the same millisecond. */
  ordinal = 0;

  readonly #heap: Scheduled[] = [];
  #sequence = 0;
  #hasWoken = false;

  /** Runs `run` after `delayMs` of virtual time; what is scheduled for the same time runs in this order. */
  schedule(delayMs: number, run: () => void): Scheduled {
    const scheduled = {
      atMs: this.nowMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      run,
      isCancelled: false,
    };
    push(this.#heap, scheduled);
    return scheduled;
  }

  /** To be called when an event hands something to code that awaits it: that code has to run before the next event. */
  noteWoken(): void {
    this.#hasWoken = true;
  }

  /** Runs events until `isDone`, or until none is left. @throws what an event throws */
  run(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const turn = (): void => {
        if (isOver) return;
        try {
          this.#hasWoken = false;
          do {
            const next = isDone() ? undefined : pop(this.#heap);
            if (next === undefined) {
              isOver = true;
              resolve();
              return;
            }
            if (next.isCancelled) continue;
            this.nowMs = next.atMs;
            this.ordinal += 1;
            next.run();
          } while (!this.#hasWoken);
        } catch (error) {
          isOver = true;
          reject(error as Error);
          return;
        }
        setImmediate(turn);
      };
      // All promise callbacks run between two immediates, however many follow from one another. Several
      // are kept waiting, so that the loop of Node looks for input and output only after so many turns.
      for (let i = 0; i < TURNS_WAITING; i++) setImmediate(turn);
    });
  }
}

const TURNS_WAITING = 32;

export interface Scheduled {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
  isCancelled: boolean;
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs === b.atMs ? a.sequence < b.sequence : a.atMs < b.atMs;
}

function push(heap: Scheduled[], item: Scheduled): void {
  let index = heap.length;
  heap.push(item);
  while (index > 0) {
    const parent = (index - 1) >>> 1;
    if (!isBefore(item, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Scheduled[]): Scheduled | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}
