import { describe, expect, it } from '@jest/globals';
import { convertRecording, detectFormat, formatNames } from '@stepfold/formats';
import { createConvertingArm } from './arms/converting.js';
import type { ArmJob } from './arm.js';
import { benchedFormats, makeFormatLines } from './format-lines.js';
import { createStopwatch } from './stopwatch.js';

describe('the lines of the benchmark of formats', () => {
  it('are there for every format that is converted', () => {
    expect(['stepfold', ...benchedFormats].toSorted()).toEqual([...formatNames].toSorted());
  });

  it.each(benchedFormats)(
    'are of the format %s, the same each time, and all of them are understood',
    (format) => {
      const { lines } = makeFormatLines(format, 500, 7);
      expect(lines.length).toBeGreaterThanOrEqual(500);
      expect(makeFormatLines(format, 500, 7).lines).toEqual(lines);
      expect(detectFormat(lines)).toMatchObject({ format });
      const converted = convertRecording({
        format,
        lines,
        chatId: 'c',
        runId: 'r',
        startMicros: 1e15,
        tickMicros: 1,
      });
      expect(converted).toMatchObject({ ok: true, summary: { unreadableLines: 0, unknownParts: new Map() } });
      const types = converted.ok ? converted.events.map(({ event }) => event.type) : [];
      expect(types).toEqual(
        expect.arrayContaining(['reasoning-delta', 'text-delta', 'tool-call', 'step-end']),
      );
      expect(types).not.toContain('interrupt');
    },
  );

  it.each(benchedFormats.flatMap((format) => [`parse-${format}`, `convert-${format}`] as const))(
    'come out right of %s, and a line that is lost is noticed',
    async (arm) => {
      const problemOf = async (isSpoilt: boolean): Promise<string | undefined> => {
        await using made = createConvertingArm({ arm, seed: 7, events: 500, isSpoilt } as ArmJob);
        await made.run('round-1', createStopwatch());
        return await made.check('round-1');
      };
      expect(await problemOf(false)).toBeUndefined();
      expect(await problemOf(true)).toMatch(/ and not \d+$/);
    },
  );
});
