import { describe, expect, it } from '@jest/globals';
import type { EventLog } from '@stepfold/event-log';
import type { GenerationClaim, MessageStore } from '@stepfold/message-store';
import type { AdapterChoice } from './adapter-options.js';
import { checkGeneration } from './check-generation.js';

const shape = { generation: undefined, partitionCount: undefined };
const servers: AdapterChoice = { ...shape, kind: 'servers', kafka: undefined, mongodb: '', variables: [] };
const embedded: AdapterChoice = { ...shape, kind: 'embedded', directory: '' };

const log = (generation: number, partitionCount = 4) => ({ generation, partitionCount }) as EventLog;

function storeOf(first?: GenerationClaim) {
  let registered = first;
  const store = {
    claimGeneration(claim: GenerationClaim) {
      if (registered === undefined || claim.generation > registered.generation) registered = claim;
      return Promise.resolve(registered);
    },
  } as MessageStore;
  return { store, registered: () => registered };
}

describe('log and store', () => {
  it('are made known to each other by the first service', async () => {
    const { store, registered } = storeOf();
    await checkGeneration(log(3), store, { adapters: servers }, 'begin');
    expect(registered()).toEqual({ generation: 3, partition_count: 4 });
    await checkGeneration(log(3), store, { adapters: servers }, 'join');
    await checkGeneration(log(4, 9), store, { adapters: servers }, 'begin');
    expect(registered()).toEqual({ generation: 4, partition_count: 9 });
  });

  it('are refused when the store is further', async () => {
    const { store } = storeOf({ generation: 2, partition_count: 4 });
    for (const role of ['begin', 'join'] as const) {
      await expect(checkGeneration(log(1), store, { adapters: servers }, role)).rejects.toMatchObject({
        name: 'UsageError',
        code: 'generation-differs',
        message: expect.stringContaining('give --generation 2'),
      });
    }
  });

  it('are refused when a reader names a generation that nobody has begun, which changes nothing', async () => {
    const { store, registered } = storeOf({ generation: 2, partition_count: 4 });
    await expect(checkGeneration(log(7), store, { adapters: servers }, 'join')).rejects.toMatchObject({
      code: 'generation-differs',
      message: expect.stringMatching(/no generation 7 .*the last is 2/),
    });
    expect(registered()).toEqual({ generation: 2, partition_count: 4 });
    // The embedded log has kept its generation itself.
    await checkGeneration(log(7), store, { adapters: embedded }, 'join');
  });

  it('are refused when the log has other partitions than the store knows', async () => {
    const { store } = storeOf({ generation: 2, partition_count: 4 });
    await expect(checkGeneration(log(2, 5), store, { adapters: servers }, 'begin')).rejects.toMatchObject({
      name: 'UsageError',
      code: 'partition-count-differs',
      message: expect.stringMatching(/has 5 partitions.* with 4: .*--generation 3/),
    });
  });
});
