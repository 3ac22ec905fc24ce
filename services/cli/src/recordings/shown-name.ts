/** A file's name as it can stand in a sentence: control characters would break the line, or the terminal. */
export function shownName(name: string): string {
  // eslint-disable-next-line no-control-regex -- these are the ones to be shown
  return /[\u0000-\u001f\u007f-\u009f]/.test(name) || name.trim() === '' ? JSON.stringify(name) : name;
}
