import { detectFormat, type FormatName, type RecordingSummary } from '@stepfold/formats';
import type { InputFile } from './input-file.js';

/**
 * In a sentence, why a file may not have the format that was asked for: another one is told from its first lines, or
 * nothing in it was understood. Who names a format is believed all the same, so this is only said.
 */
export function doubtOf(
  file: InputFile,
  format: FormatName,
  { parts, unknownParts }: RecordingSummary,
  hasEvents: boolean,
): string | undefined {
  // Such a file is taken whole or refused.
  if (format === 'stepfold') return undefined;
  const detection = detectFormat(file.lines());
  const unknown = [...unknownParts.values()].reduce((sum, count) => sum + count, 0);
  const begin = hasEvents
    ? `${file.label} was read as ${format}`
    : `${file.label} was read as ${format}, and no events came of it`;
  if (detection.ok && detection.format !== format) {
    return `${begin}; it looks like ${detection.format}: ${detection.why}`;
  }
  if (!detection.ok && detection.isUnsupported === true) return `${begin}; ${detection.problem}`;
  return !hasEvents && parts > 0 && unknown >= parts
    ? `${begin}: none of its parts is known there`
    : undefined;
}
