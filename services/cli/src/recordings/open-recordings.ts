import type { Host } from '../host.js';
import type { LogOptions } from '../open-logger.js';
import { plainLine } from '../render/plain-text.js';
import { checkRecordingOptions, type RecordingOptions } from './recording-options.js';
import { checkRuns, planRecordings } from './recording-plan.js';
import { openRecording, type Recording } from './recording.js';

/** The files of one command line, in its order. Disposing of it closes them all. */
export interface Recordings extends Disposable, Iterable<Recording> {
  readonly all: readonly Recording[];
}

/**
 * Opens files, and says on standard error which format was told from them, and by what.
 *
 * @param lineMicros microseconds from line to line, whatever the options say
 * @throws UsageError if one cannot be used, or if two would be the same run of the same chat
 */
export async function openRecordings(
  fileNames: readonly string[],
  options: RecordingOptions & Partial<LogOptions>,
  { stdin, stderr }: Pick<Host, 'stdin' | 'stderr'>,
  lineMicros?: number,
): Promise<Recordings> {
  const all: Recording[] = [];
  const close = (): void => {
    for (const recording of all) recording[Symbol.dispose]();
  };
  try {
    for (const plan of planRecordings(fileNames, options)) {
      const paced = lineMicros === undefined ? plan : { ...plan, tickMicros: lineMicros };
      all.push(await openRecording(paced, stdin));
    }
    const plans = all.map(({ plan }) => plan);
    checkRuns(plans);
    checkRecordingOptions(
      options,
      plans.map(({ format }) => format),
    );
    if (isTold(options)) for (const line of toldLines(all)) stderr.write(`${line}\n`);
  } catch (error) {
    close();
    throw error;
  }
  return { all, [Symbol.iterator]: () => all[Symbol.iterator](), [Symbol.dispose]: close };
}

/** Notes for a person are no errors. */
export function isTold({ logLevel }: Partial<LogOptions>): boolean {
  return logLevel !== 'error' && logLevel !== 'silent';
}

/** One line for each format: of many files nobody reads as many lines. */
function toldLines(recordings: readonly Recording[]): readonly string[] {
  const told = recordings.filter(({ toldBy }) => toldBy !== undefined);
  return [...new Set(told.map(({ plan }) => plan.format))].map((format) => {
    const [first, ...others] = told.filter(({ plan }) => plan.format === format);
    const files = others.length === 0 ? 'is' : `and ${others.length} more are`;
    return plainLine(`${first!.label} ${files} read as ${format}: ${first!.toldBy}`);
  });
}
