import type { FormatName } from '@stepfold/formats';

type Fields = Readonly<Record<string, unknown>>;

/** What one part of a stream adds, read off without any code of the product. */
export interface Added {
  readonly text?: string;
  readonly reasoning?: string;
}

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const joined = (items: readonly Fields[], name: string): string =>
  items.map((item) => text(item[name])).join('');

/** The text and reasoning of the deltas of each format, which is all that a model says of either in the recordings. */
const readings: Readonly<Record<string, (part: Fields) => Added>> = {
  'ai-sdk': ofSdk('text'),
  'language-model': ofSdk('delta'),
  'ui-message': ofSdk('delta'),
  anthropic(part) {
    const block = fields(part['content_block']);
    const delta = fields(part['delta']);
    const whole = list(fields(part['message'])['content']);
    return {
      text: joined(whole, 'text') + text(block['text']) + text(delta['text']),
      reasoning: text(block['thinking']) + text(delta['thinking']),
    };
  },
  'openai-responses'(part) {
    const type = text(part['type']);
    if (/^response\.(output_text|refusal)\.delta$/.test(type)) return { text: text(part['delta']) };
    return /^response\.reasoning_(summary_)?text\.delta$/.test(type)
      ? { reasoning: text(part['delta']) }
      : {};
  },
  'openai-chat'(part) {
    const choices = list(part['choices']).filter(({ index }) => index === undefined || index === 0);
    const deltas = choices.map(({ delta }) => fields(delta));
    return {
      text: deltas.map(({ content }) => text(content) + joined(list(content), 'text')).join(''),
      reasoning: deltas
        .map((delta) => {
          const thought = list(delta['content']).map(({ thinking }) => joined(list(thinking), 'text'));
          return text(delta['reasoning_content'] ?? delta['reasoning']) + thought.join('');
        })
        .join(''),
    };
  },
  google(part) {
    const parts = list(fields(fields(list(part['candidates'])[0])['content'])['parts']);
    return {
      text: joined(
        parts.filter(({ thought }) => thought !== true),
        'text',
      ),
      reasoning: joined(
        parts.filter(({ thought }) => thought === true),
        'text',
      ),
    };
  },
};

function ofSdk(field: string): (part: Fields) => Added {
  return (part) => {
    if (part['type'] === 'text-delta') return { text: text(part[field]) };
    return part['type'] === 'reasoning-delta' ? { reasoning: text(part[field]) } : {};
  };
}

/** @param part undefined for a line that is no JSON */
export function plainReading(format: FormatName, part: Fields | undefined): Added {
  const reading = readings[format];
  if (reading === undefined) throw new Error(`there is no plain reading of ${format}`);
  return part === undefined ? {} : reading(part);
}
