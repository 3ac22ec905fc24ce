import { describe, expect, it } from '@jest/globals';
import { CorruptStateError } from '@stepfold/runtime';
import type { Suite } from './harness.js';
import { startMember } from './member.js';
import { readAll, record, textsOf } from './records.js';

/** Only for a harness that can make its log delete. */
export function retentionTests(suite: Suite): void {
  async function appendAndDelete(): Promise<number[]> {
    const offsets: number[] = [];
    for (const text of ['a', 'b', 'c', 'd']) {
      offsets.push((await suite.log().append('events', 0, [record(text)])).firstOffset);
    }
    const { deleteBefore } = suite.harness();
    if (deleteBefore === undefined) throw new Error('this harness cannot delete');
    await deleteBefore('events', 0, offsets[2]!);
    return offsets;
  }

  describe('what retention has deleted', () => {
    it('is left out by reads, which begin at the first record that exists', async () => {
      const [first, , third] = await appendAndDelete();
      expect((await suite.log().bounds('events', 0)).begin).toBe(third);
      expect(textsOf((await suite.log().read('events', 0, first!)).records)).toEqual(['c', 'd']);
      expect(textsOf(await readAll(suite.log(), 'events', 0))).toEqual(['c', 'd']);
    });

    it('does not bring offsets back', async () => {
      const offsets = await appendAndDelete();
      const { end } = await suite.log().bounds('events', 0);
      await suite.harness().deleteBefore!('events', 0, end);
      const bounds = await suite.log().bounds('events', 0);
      expect(bounds.begin).toBe(bounds.end);
      expect(await suite.log().read('events', 0, 0)).toMatchObject({ records: [], nextOffset: bounds.end });
      const { firstOffset } = await suite.log().append('events', 0, [record('e')]);
      expect(firstOffset).toBeGreaterThan(offsets.at(-1)!);
    });

    it('ends a group whose position lies in it with a typed error', async () => {
      const controller = new AbortController();
      const { firstOffset } = await suite.log().append('events', 0, [record('before')]);
      await suite
        .log()
        .subscribe({ group: 'group', topics: ['events'], signal: controller.signal }, async (partition) => {
          if (partition.partition !== 0) return;
          await partition.commit({ nextOffset: firstOffset, metadata: '' });
          controller.abort();
        });
      await appendAndDelete();
      const member = startMember(suite.log(), { group: 'group' });
      await expect(member.ended).rejects.toBeInstanceOf(CorruptStateError);
      await expect(member.ended).rejects.toMatchObject({ code: 'position-deleted' });
    });

    it('is nothing to a group that has committed nothing: it begins where the log does', async () => {
      await appendAndDelete();
      const member = startMember(suite.log(), { group: 'newcomer' });
      await suite.until('the rest has come', () => member.texts('events', 0).length === 2);
      expect(member.texts('events', 0)).toEqual(['c', 'd']);
      await member.stop();
    });
  });
}
