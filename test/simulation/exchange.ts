import { TransientError } from '@stepfold/runtime';
import type { Incarnation } from './incarnation.js';

/** How a dependency behaves towards its clients. Probabilities are per request. */
export interface Weather {
  /** Mean time that a request or an answer is under way. */
  readonly latencyMs: number;
  /** A request or answer takes up to `slowMs` instead. */
  readonly slowProbability: number;
  readonly slowMs: number;
  /** It fails, and nothing has happened. */
  readonly failBeforeProbability: number;
  /** It fails, and all has happened: the answer is lost. */
  readonly failAfterProbability: number;
  /** It fails, and happens up to `lateMs` afterwards, perhaps when nobody expects it any more. */
  readonly lateProbability: number;
  readonly lateMs: number;
}

type Answer<T> = (value: T) => void;

/** What a request does where it arrives. It may take its time, and answers once; or fails half-way. */
export type Effect<T> = (answer: Answer<T>, failHalfWay: () => void) => void;

/** The way to a dependency and back: takes time, fails before or after the effect, and can be cut altogether. */
export class Exchange {
  /** While away every request fails. */
  isAway = false;

  constructor(
    readonly unavailable: 'log-unavailable' | 'store-unavailable',
    public weather: Weather,
  ) {}

  /** Sends a request of a process. What is thrown is always a `TransientError`. */
  request<T>(from: Incarnation, what: string, effect: Effect<T>): Promise<T> {
    return from.ask<T>((resolve, reject) => {
      const { chance, scheduler } = from;
      const { weather } = this;
      const fail = (why: string): void => {
        from.note(`${what} failed ${why}`);
        reject(new TransientError(this.unavailable, `${what}: ${why}`));
      };
      const onTheWay = (): number => this.#delayMs(from);
      if (this.isAway || chance.isTrue(weather.failBeforeProbability)) {
        scheduler.schedule(onTheWay(), () => fail(this.isAway ? 'away' : 'before'));
      } else if (chance.isTrue(weather.lateProbability)) {
        scheduler.schedule(onTheWay(), () => fail('late'));
        const ignore = (): void => undefined;
        scheduler.schedule(chance.fraction() * weather.lateMs, () => effect(ignore, ignore));
      } else {
        const isLost = chance.isTrue(weather.failAfterProbability);
        // Half of the answers come in no time, which is as good as any other, and halves the work.
        const back = chance.isTrue(0.5)
          ? (run: () => void): void => run()
          : (run: () => void): void => void scheduler.schedule(onTheWay(), run);
        scheduler.schedule(onTheWay(), () =>
          effect(
            (value) => {
              back(() => (isLost ? fail('after') : resolve(value)));
            },
            () => {
              back(() => fail('half-way'));
            },
          ),
        );
      }
    });
  }

  #delayMs(from: Incarnation): number {
    const { chance } = from;
    const { latencyMs, slowProbability, slowMs } = this.weather;
    return chance.isTrue(slowProbability)
      ? chance.fraction() * slowMs
      : -Math.log(1 - chance.fraction()) * latencyMs;
  }
}
