/** Segments that a path may have: arguments of an event have at most 64 levels. */
const SEGMENTS_MAX = 63;

export type PathSegment = string | number;

/**
 * The segments of a JSONPath to one value, as Gemini writes them: `$.a[0].b`, `$['a b']`. Undefined for what is no such
 * path, or is longer than arguments may be deep.
 */
export function googleJsonPathOf(path: unknown): readonly PathSegment[] | undefined {
  if (typeof path !== 'string' || !path.startsWith('$')) return undefined;
  const segments: PathSegment[] = [];
  const segment = /\.([^.[\]]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\]/suy;
  segment.lastIndex = 1;
  while (segment.lastIndex < path.length) {
    const match = segment.exec(path);
    if (match === null || segments.length >= SEGMENTS_MAX) return undefined;
    const [, name, index, quoted] = match;
    segments.push(index === undefined ? (name ?? unquoted(quoted ?? '')) : Number(index));
  }
  return segments.length === 0 ? undefined : segments;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/gsu, '$1');
}
