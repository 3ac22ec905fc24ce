import type { MadeCallFields } from './step-fields.js';

/**
 * The arguments of a call from the text that a model wrote. No text at all means `{}`; text that is no JSON is kept
 * as it is, and the call is invalid.
 */
export function argumentsOf(text: string): Pick<MadeCallFields, 'args' | 'argsText' | 'isInvalid' | 'error'> {
  if (text.trim() === '') return { args: {} };
  try {
    return { args: JSON.parse(text) as unknown };
  } catch {
    return { argsText: text, isInvalid: true, error: 'the arguments are not JSON' };
  }
}
