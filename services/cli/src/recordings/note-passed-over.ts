import type { Host } from '../host.js';
import { openLogger, type LogOptions } from '../open-logger.js';
import { plainLine } from '../render/plain-text.js';
import { isTold } from './open-recordings.js';
import type { Recording } from './recording.js';

/**
 * Tells how much of each file was passed over, and where the format may be another one than was asked for. Names of parts
 * are words of a provider, not of a person.
 */
export async function notePassedOver(
  recordings: Iterable<Recording>,
  options: LogOptions,
  command: string,
  { stderr }: Pick<Host, 'stderr'>,
): Promise<void> {
  for (const recording of recordings) {
    const { unreadableLines, unknownParts } = recording.passedOver();
    const doubt = isTold(options) ? recording.doubt() : undefined;
    if (doubt !== undefined) stderr.write(`${plainLine(doubt)}\n`);
    if (unreadableLines === 0 && unknownParts.size === 0) continue;
    // Opened for those files only: it takes longer to load than most of them to convert.
    (await openLogger(options, command)).warn(
      {
        file: recording.label,
        ...(unreadableLines === 0 ? {} : { unreadable_lines: unreadableLines }),
        ...(unknownParts.size === 0 ? {} : { unknown_parts: Object.fromEntries(unknownParts) }),
      },
      'parts of a recording were passed over',
    );
  }
}
