import { convertRecording } from '@stepfold/formats';
import type { Arm, ArmJob } from '../arm.js';
import { benchedFormats, makeFormatLines, type BenchedFormat, type FormatLines } from '../format-lines.js';

/**
 * The lines of one format, in memory. `parse-F` calls `JSON.parse` for each and throws it away; `convert-F` makes the
 * events of them, which is the same parsing and all that the converter of format F does.
 */
export function createConvertingArm({ arm, seed, events, isSpoilt }: ArmJob): Arm {
  const format = benchedFormats.find((name) => arm === `parse-${name}` || arm === `convert-${name}`);
  if (format === undefined) throw new RangeError(`${arm} is no arm of a format`);
  const made = makeFormatLines(format, events, seed);
  const lines = isSpoilt ? made.lines.filter((_, index) => index !== 10) : made.lines;
  let problem: string | undefined;
  return {
    run(_round, stopwatch) {
      const count = arm.startsWith('parse-') ? parse : convert;
      stopwatch.start();
      const finish = count(format, lines);
      stopwatch.stop();
      problem = finish(made);
      return Promise.resolve(lines.length);
    },
    check: () => Promise.resolve(problem),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

type Finish = (expected: FormatLines) => string | undefined;

function parse(_format: BenchedFormat, lines: readonly string[]): Finish {
  let objects = 0;
  for (const line of lines) if (typeof JSON.parse(line) === 'object') objects++;
  return (expected) =>
    objects === expected.lines.length ? undefined : `${objects} objects and not ${expected.lines.length}`;
}

function convert(format: BenchedFormat, lines: readonly string[]): Finish {
  const converted = convertRecording({
    ...{ format, lines, chatId: 'chat', runId: 'run', startMicros: BEGIN_MICROS, tickMicros: 1 },
  });
  return (expected) => {
    if (!converted.ok) return converted.problem;
    let textUnits = 0;
    for (const { event } of converted.events) {
      if (event.type === 'text-delta' || event.type === 'reasoning-delta') textUnits += event.text.length;
      else if (event.type === 'tool-call') textUnits += JSON.stringify(event.args).length;
    }
    return textUnits === expected.textUnits
      ? undefined
      : `${textUnits} characters of text, reasoning and arguments and not ${expected.textUnits}`;
  };
}

const BEGIN_MICROS = 1_790_000_000_000_000;
