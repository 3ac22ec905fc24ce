import { beginsArray, createArrayReader, type ArrayReader } from './array-reader.js';
import type { Format } from './format.js';
import { formats, type FormatName } from './formats.js';
import { createPartReader } from './part-reader.js';
import { textOfLine, type RecordingLine } from './recording-lines.js';
import { isAwsEventStream } from './unsupported-vocabularies.js';
import { vocabularyOf, type Part, type Sign } from './vocabulary-of.js';

export type Detection =
  /** `why` is what was seen, as in `line 2 has type "start-step" with request`. */
  | { readonly ok: true; readonly format: FormatName; readonly why: string }
  /** One sentence without the file's name and without a full stop. */
  | {
      readonly ok: false;
      readonly problem: string;
      /** It is known what the file is, and that nothing here converts it. */
      readonly isUnsupported?: true;
    };

/** So much of a file is looked at: what tells a format is in its first parts, and a mixture shows soon. */
const LINES_MAX = 1_000;
const BYTES_MAX = 4 * 1024 * 1024;

/**
 * Tells the format of a recorded file from its first lines. Each part that is known leaves some formats possible
 * (`vocabulary-of.ts`); the format is the only one that all of them leave. Where several remain (a stream of which
 * little is there), where none does (a mixture), or where nothing is known, that is the answer: nothing is guessed
 * by likelihood. Reads at most 1,000 lines or 4 MiB, but always the whole of a line.
 */
export function detectFormat(lines: Iterable<RecordingLine>): Detection {
  const parts = createParts();
  /** The signs that narrowed the choice, with their lines. */
  const narrowing: SignAtLine[] = [];
  let possible: readonly FormatName[] | undefined;
  /** The first line that is not blank, the first part, and the first that belongs to nothing that is known. */
  let firstLine: number | undefined;
  let unknown: { readonly lineNumber: number; readonly part: Part } | undefined;
  let lineNumber = 0;
  let bytes = 0;

  for (const line of lines) {
    lineNumber++;
    bytes += line.length;
    if (typeof line !== 'string' && isAwsEventStream(line)) return AWS_EVENT_STREAM;
    const text = textOfLine(line, lineNumber - 1) ?? '\ufffd';
    if (text.trim() !== '') firstLine ??= lineNumber;
    for (const part of parts.of(text)) {
      const sign = vocabularyOf(part);
      if (sign === undefined) {
        unknown ??= { lineNumber, part };
        continue;
      }
      if ('unsupported' in sign)
        return possible === undefined
          ? unsupported(sign, lineNumber)
          : mixture(narrowing, { sign, lineNumber });
      const remaining = possible?.filter((format) => sign.formats.includes(format)) ?? sign.formats;
      if (remaining.length === 0) return mixture(narrowing, { sign, lineNumber });
      if (remaining.length !== possible?.length) narrowing.push({ sign, lineNumber });
      possible = remaining;
    }
    if (lineNumber >= LINES_MAX || bytes >= BYTES_MAX) break;
  }

  if (firstLine === undefined) return problem('is empty');
  if (possible === undefined) {
    if (unknown !== undefined) {
      return problem(
        `is in no format that is known: line ${unknown.lineNumber} has ${shapeOf(unknown.part)}`,
      );
    }
    return problem(`is in no format that is known: line ${firstLine} is no JSON object`);
  }
  const why = shownWhy(narrowing);
  const [format, ...others] = possible;
  if (others.length > 0) return problem(`may be ${possible.join(' or ')}: ${why}`);
  if (parts.areFramed && !isReadFramed(format!)) {
    return problem(
      `holds ${format} parts as server-sent events, and that format is read as JSON lines only: ${why}`,
    );
  }
  return { ok: true, format: format!, why };
}

interface SignAtLine {
  readonly sign: Sign;
  readonly lineNumber: number;
}

/** The parts that end in a line, however the file frames them. */
function createParts(): { of(text: string): readonly Part[]; readonly areFramed: boolean } {
  const reader = createPartReader({ isSentOverHttp: true });
  let arrayReader: ArrayReader | undefined;
  let isFirst = true;
  let areFramed = false;
  return {
    of(text) {
      if (isFirst && text.trim() !== '') {
        isFirst = false;
        if (beginsArray(text)) arrayReader = createArrayReader();
      }
      if (text.startsWith('data:')) areFramed = true;
      const reads = arrayReader?.read(text) ?? [reader.read(text)];
      return reads.flatMap((read) => (read.kind === 'part' ? [read.part] : []));
    },
    get areFramed() {
      return areFramed;
    },
  };
}

function isReadFramed(format: FormatName): boolean {
  const known: Readonly<Record<string, Format>> = formats;
  return known[format]?.isSentOverHttp === true;
}

const AWS_EVENT_STREAM: Detection = {
  ok: false,
  problem:
    'Amazon Bedrock’s binary event stream is not supported: the first bytes are a message of application/vnd.amazon.eventstream',
  isUnsupported: true,
};

function unsupported(
  { unsupported: name, what }: Sign & { unsupported: string },
  lineNumber: number,
): Detection {
  return {
    ok: false,
    problem: `${name} is not supported: line ${lineNumber} has ${what}`,
    isUnsupported: true,
  };
}

function mixture(narrowing: readonly SignAtLine[], other: SignAtLine): Detection {
  const one = narrowing.at(-1)!;
  return problem(
    `is a mixture of formats: ${seenOf(one)}, as in ${nameOf(one)}, and ${seenOf(other)}, as in ${nameOf(other)}`,
  );
}

/** The last sign alone if it leaves but one format, and else all that were needed. */
function shownWhy(narrowing: readonly SignAtLine[]): string {
  const last = narrowing.at(-1)!;
  const isEnough = 'formats' in last.sign && last.sign.formats.length === 1;
  return (isEnough ? [last] : narrowing).map(seenOf).join(' and ');
}

function nameOf({ sign }: SignAtLine): string {
  return 'unsupported' in sign ? sign.unsupported : sign.formats.join(' or ');
}

function seenOf({ sign, lineNumber }: SignAtLine): string {
  return `line ${lineNumber} has ${sign.what}`;
}

/** What a part has, for a person who knows what it is. */
function shapeOf(part: Part): string {
  const type = part['type'];
  if (typeof type === 'string') return `type ${JSON.stringify(type.slice(0, 60))}`;
  const names = Object.keys(part);
  if (names.length === 0) return 'no fields';
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 40)));
  return `the field${names.length === 1 ? '' : 's'} ${shown.join(', ')}${names.length > 5 ? ', …' : ''}`;
}

function problem(sentence: string): Detection {
  return { ok: false, problem: sentence };
}
