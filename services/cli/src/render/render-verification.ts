import type { StepDifference, Verification } from '@stepfold/audit';
import { counted } from './counted.js';
import { cutText } from './plain-text.js';
import type { Screen } from './screen.js';

/** What a verification found, for a person. */
export function renderVerification(verification: Verification, screen: Screen): string {
  const { ok, checked, not_yet, beyond_log, differences, differences_omitted = 0 } = verification;
  const count = differences.length + differences_omitted;
  return [
    screen.paint(
      !ok ? 'failure' : checked === 0 ? 'warning' : 'good',
      `${counted(checked, 'message')} checked${conclusion(checked, count)}`,
    ),
    ...(not_yet > 0 ? [`${not_yet} are not stored yet as the log has them`] : []),
    ...(beyond_log > 0 ? [`${beyond_log} are older than the log`] : []),
    ...differences.flatMap((difference) => differenceLines(difference, screen)),
    ...(differences_omitted > 0 ? [`… and ${differences_omitted} more`] : []),
    '',
  ].join('\n');
}

const kinds: { readonly [K in StepDifference['kind']]: string } = {
  different: 'is stored with another content',
  missing: 'is not stored',
  extra: 'is stored, but the log has no such step',
  ahead: 'is stored further than the log goes',
  orphaned: 'is open, and its beginning has left the log',
};

/** One difference, in a line, and in three more if a field is known. */
export function differenceLines(difference: StepDifference, { width, paint }: Screen): readonly string[] {
  const { chat_id, step_id, kind, path, expected, stored } = difference;
  return [
    paint('warning', cutText(`  ${kind}: step ${step_id} of chat ${chat_id} ${kinds[kind]}`, width)),
    ...(path === undefined
      ? []
      : [
          cutText(`    ${path}`, width),
          cutText(`      the log yields:   ${shown(expected)}`, width),
          cutText(`      the store holds:  ${shown(stored)}`, width),
        ]),
  ];
}

/** What was found, as the end of a sentence. Of nothing nothing is claimed: the chat may be a slip of the pen. */
function conclusion(checked: number, differing: number): string {
  if (differing > 0) return `: ${differing} differ`;
  return checked === 0 ? '' : ': all are what the log yields';
}

function shown(value: unknown): string {
  return value === undefined ? '(absent)' : JSON.stringify(value);
}
