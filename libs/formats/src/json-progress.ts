export interface JsonProgress {
  add(text: string): void;
  /** True if the text so far is one object or array, closed, with nothing but blanks around it. */
  readonly isWhole: boolean;
}

/**
 * Tells when an object or array that arrives in pieces is whole, by its brackets and strings alone. Each character is
 * looked at once, so that asking after every piece costs no more than parsing at the end.
 */
export function createJsonProgress(): JsonProgress {
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let hasEnded = false;
  let hasMore = false;

  function take(char: string): void {
    if (isInString) {
      if (isEscaped) isEscaped = false;
      else if (char === '\\') isEscaped = true;
      else if (char === '"') isInString = false;
      return;
    }
    if (char === ' ' || char === '\n' || char === '\r' || char === '\t') return;
    if (hasEnded) hasMore = true;
    if (char === '"') isInString = true;
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if (depth <= 0) {
      // What is closed without having been opened, or is no container, is never whole.
      if (char !== '}' && char !== ']') hasMore = true;
      hasEnded = true;
    }
  }

  return {
    add(text) {
      for (let index = 0; index < text.length; index++) take(text[index] as string);
    },
    get isWhole() {
      return hasEnded && !hasMore && depth === 0 && !isInString;
    },
  };
}
