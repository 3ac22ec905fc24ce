import { textOf, uiMessageFileOf } from '@stepfold/formats';
import type { Fields } from './imported-chat.js';

/** Where a file of a message is: in it or at a URL, and under which id at its provider, as far as it says. */
export function fileContentOf(given: {
  readonly url: unknown;
  readonly data: unknown;
  readonly fileId: unknown;
}): Fields {
  const data = textOf(given.data);
  const fileId = textOf(given.fileId);
  const content = data === undefined ? uiMessageFileOf(textOf(given.url)) : { base64: data };
  return {
    ...(content !== undefined && 'base64' in content ? { data: content.base64 } : content),
    ...(fileId === undefined ? {} : { file_id: fileId }),
  };
}
