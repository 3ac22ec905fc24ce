import type { Part } from './ai-sdk.js';

/** A way in which the view differs from what the SDK makes of the same stream; listed in the package's README. */
interface Difference {
  readonly name: string;
  isOne(theirs: Part, ours: Part, field: string): boolean;
}

const isCutOff = (ours: Part) =>
  ours['errorText'] === 'tool call was interrupted before it produced a result';

const differences: readonly Difference[] = [
  {
    name: 'a block that was cut off is done',
    isOne: (theirs, ours, field) =>
      field === 'state' &&
      ['text', 'reasoning'].includes(String(ours['type'])) &&
      theirs['state'] === 'streaming' &&
      ours['state'] === 'done',
  },
  {
    name: 'a call that was cut off is an output-error',
    isOne: (theirs, ours, field) =>
      ['state', 'errorText'].includes(field) &&
      String(theirs['state']).startsWith('input-') &&
      ours['state'] === 'output-error' &&
      isCutOff(ours),
  },
  {
    name: 'an input that was cut off is what is JSON of it',
    isOne: (theirs, ours, field) =>
      field === 'input' &&
      theirs['state'] === 'input-streaming' &&
      (ours['state'] === 'input-streaming' || isCutOff(ours)),
  },
  {
    name: 'a dynamic tool under approval is one of the application’s types',
    isOne: (theirs, ours, field) =>
      ['type', 'toolName'].includes(field) &&
      theirs['type'] === 'dynamic-tool' &&
      theirs['state'] === 'approval-requested' &&
      ours['type'] === `tool-${String(theirs['toolName'])}`,
  },
  {
    name: 'a custom part is data',
    isOne: (theirs, ours, field) =>
      ['type', 'data', 'providerMetadata'].includes(field) &&
      theirs['type'] === 'custom' &&
      ours['type'] === `data-${String(theirs['kind'])}` &&
      JSON.stringify((ours['data'] as Part)['providerMetadata']) ===
        JSON.stringify(theirs['providerMetadata']),
  },
  {
    name: 'a second result says itself whether the provider gave it',
    isOne: (theirs, ours, field) =>
      field === 'providerExecuted' && theirs[field] === true && ours[field] === undefined,
  },
];

const fields = [
  ...['type', 'text', 'state', 'input', 'output', 'toolCallId', 'toolName', 'errorText', 'preliminary'],
  ...['providerExecuted', 'title', 'sourceId', 'url', 'mediaType', 'filename', 'data', 'citations'],
  ...['providerMetadata', 'callProviderMetadata', 'toolMetadata'],
];

export const differenceNames = differences.map(({ name }) => name);

/** What of a part is another in the view: differences by their names, and fields that none of them explains. */
export function comparePart(theirs: Part, ours: Part): { listed: string[]; unlisted: string[] } {
  const listed: string[] = [];
  const unlisted: string[] = [];
  for (const field of fields) {
    if (JSON.stringify(sorted(theirs[field])) === JSON.stringify(sorted(ours[field]))) continue;
    const difference = differences.find(({ isOne }) => isOne(theirs, ours, field));
    if (difference === undefined) unlisted.push(field);
    else listed.push(difference.name);
  }
  return { listed, unlisted };
}

/** Keys in one order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
