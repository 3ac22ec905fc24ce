import type { Output } from '../output.js';

/** One JSON array, an element a line: it never has to stand in memory as a whole. */
export async function writeJsonArray(
  output: Output,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): Promise<void> {
  let separator = '[';
  for await (const item of items) {
    await output.write(`${separator}\n${JSON.stringify(item)}`);
    separator = ',';
  }
  await output.write(separator === '[' ? '[]\n' : '\n]\n');
}
