import type { ChatsRebuild, StepDifference } from '@stepfold/audit';
import { counted } from './counted.js';
import { cutText, wrapText } from './plain-text.js';
import { differenceLines } from './render-verification.js';
import type { Screen } from './screen.js';

/** What a rebuild of chats found and did, for a person. */
export function renderRebuild(result: ChatsRebuild, screen: Screen): string {
  const { width, paint } = screen;
  const { ok, dry_run, chats, folded, written, newer, refused, beyond_log, remaining } = result;
  const { differences, differences_omitted = 0, remaining_omitted = 0 } = result;
  const cut = (line: string): string => cutText(line, width);
  const look = ok ? 'good' : 'failure';
  const of = `of ${chats.length === 1 ? `chat ${chats[0]}` : `${chats.length} chats`}`;
  return [
    cut(`${counted(folded, 'message')} ${of} folded from the log${dry_run ? '; nothing was written' : ''}`),
    ...section(dry_run ? 'differing' : 'differed before', differences, differences_omitted, screen),
    ...(dry_run ? [] : [cut(`${written} written, ${newer} stored in a newer version and left alone`)]),
    ...refused.flatMap(({ chat_id, step_id, detail }) => [
      cut(`  refused: the store can never take step ${step_id} of chat ${chat_id}`),
      ...wrapText(detail, width - 4, 3).map((line) => `    ${line}`),
    ]),
    ...(beyond_log > 0 ? [cut(`${counted(beyond_log, 'message')} older than the log, left alone`)] : []),
    ...(dry_run ? [] : section('still differing', remaining, remaining_omitted, screen)),
    paint(look, conclusion(result)),
    ...(ok ? [] : advice(result).map(cut)),
    '',
  ].join('\n');
}

function section(
  title: string,
  differences: readonly StepDifference[],
  omitted: number,
  screen: Screen,
): readonly string[] {
  if (differences.length === 0) return [];
  return [
    `${title}: ${kindsOf(differences)}`,
    ...differences.flatMap((difference) => differenceLines(difference, screen)),
    ...(omitted > 0 ? [`… and ${omitted} more`] : []),
  ];
}

/** How many there are of each kind, as in `2 different, 1 missing`. */
function kindsOf(differences: readonly StepDifference[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of differences) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

function conclusion({ ok, dry_run, differences }: ChatsRebuild): string {
  if (ok) return differences.length === 0 ? 'nothing differed' : 'repaired: nothing differs any more';
  return dry_run ? 'not repaired: this was a dry run' : 'not all of it could be repaired';
}

function advice({ dry_run, remaining }: ChatsRebuild): readonly string[] {
  if (dry_run) return ['run it again without --dry-run to repair what the log explains'];
  const kinds = new Set(remaining.map(({ kind }) => kind));
  return [
    ...(kinds.has('different') || kinds.has('ahead')
      ? ['what has a higher rank than the log yields is never replaced: see docs/operating.md']
      : []),
    ...(kinds.has('extra') || kinds.has('orphaned')
      ? ['what the log knows nothing of is never deleted: see docs/operating.md']
      : []),
  ];
}
