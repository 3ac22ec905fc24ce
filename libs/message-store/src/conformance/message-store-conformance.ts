import { afterEach, beforeEach, describe, it } from '@jest/globals';
import type { MessageStore } from '../message-store.js';
import { chatTests } from './chat-tests.js';
import { deadLetterTests } from './dead-letter-tests.js';
import { exactnessTests } from './exactness-tests.js';
import { generationTests } from './generation-tests.js';
import { guardTests } from './guard-tests.js';
import { handleTests } from './handle-tests.js';
import { isolationTests } from './isolation-tests.js';
import { liveCollectionTests } from './live-collection-tests.js';
import { pagingTests } from './paging-tests.js';
import { progressTests } from './progress-tests.js';
import { raceTests } from './race-tests.js';
import { refusalTests } from './refusal-tests.js';
import { repairTests } from './repair-tests.js';

/** Fresh data of a store, and as many independent handles on it as a test asks for. */
export interface FreshStore {
  /** A further handle on the same data, with a connection of its own where the store has connections. */
  open(): Promise<MessageStore>;
  /** Deletes the data. Called when every handle has been closed. */
  remove(): Promise<void>;
}

export type OpenFreshStore = () => Promise<FreshStore>;

export interface ConformanceOptions {
  /**
   * Tests that an adapter cannot pass yet, by title, each with the reason. They are run and must fail: an
   * exemption that is no longer needed fails the suite, and so does one that names no test. Default: none.
   */
  readonly exemptions?: Readonly<Record<string, string>>;
  /** How long one test may take, in milliseconds. Raise it for a store on a slow network. Default 30,000. */
  readonly timeoutMs?: number;
  /** How many cases a property tries. Lower it for a store on a slow network. Default 40. */
  readonly propertyRuns?: number;
}

/** What a group of tests works with. */
export interface Suite {
  /** Declares a test; `open` gives handles on the data of this test alone, closed behind it. */
  test(title: string, run: (open: () => Promise<MessageStore>) => Promise<void>): void;
  readonly propertyRuns: number;
}

const TIMEOUT_MS = 30_000;
const PROPERTY_RUNS = 40;

/**
 * Declares the tests that every adapter of the `MessageStore` port passes. They use nothing but the port,
 * strings that are well-formed Unicode, and messages as the fold makes them.
 */
export function messageStoreConformance(
  name: string,
  openFresh: OpenFreshStore,
  options: ConformanceOptions = {},
): void {
  const { exemptions = {}, timeoutMs = TIMEOUT_MS, propertyRuns = PROPERTY_RUNS } = options;
  const titles = new Set<string>();

  describe(`message store conformance: ${name}`, () => {
    let fresh: FreshStore;
    let handles: MessageStore[] = [];

    beforeEach(async () => {
      handles = [];
      fresh = await openFresh();
    }, timeoutMs);

    afterEach(async () => {
      for (const handle of handles) await handle.close();
      await fresh.remove();
    }, timeoutMs);

    async function open(): Promise<MessageStore> {
      const handle = await fresh.open();
      handles.push(handle);
      return handle;
    }

    const suite: Suite = {
      propertyRuns,
      test(title, run) {
        if (titles.has(title)) throw new Error(`two tests are called "${title}"`);
        titles.add(title);
        const reason = exemptions[title];
        if (reason === undefined) it(title, () => run(open), timeoutMs);
        else it.failing(`${title} (exempt: ${reason})`, () => run(open), timeoutMs);
      },
    };

    function group(subject: string, declare: (suite: Suite) => void): void {
      describe(subject, () => {
        declare(suite);
      });
    }

    group('the guard', guardTests);
    group('repairs', repairTests);
    group('what is refused', refusalTests);
    group('several writers', raceTests);
    group('exactness', exactnessTests);
    group('pages of messages', pagingTests);
    group('isolation of ids', isolationTests);
    group('chats', chatTests);
    group('progress', progressTests);
    group('dead letters', deadLetterTests);
    group('the live collection', liveCollectionTests);
    group('the generation of the log', generationTests);
    group('handles', handleTests);

    for (const title of Object.keys(exemptions)) {
      if (!titles.has(title)) throw new Error(`the exemption "${title}" names no test`);
    }
  });
}
