/** A place in the log of events, written `partition:offset`. */
export interface Position {
  readonly partition: number;
  readonly offset: number;
}

export function formatPosition(position: Position): string {
  return `${position.partition}:${position.offset}`;
}

/** Reads `partition:offset`, or answers undefined. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,9}):(\d{1,16})$/.exec(text);
  if (match === null) return undefined;
  const offset = Number(match[2]);
  return Number.isSafeInteger(offset) ? { partition: Number(match[1]), offset } : undefined;
}
