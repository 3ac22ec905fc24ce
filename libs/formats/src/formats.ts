import { aiSdk } from './ai-sdk.js';
import { anthropic } from './anthropic.js';
import { fantasy } from './fantasy.js';
import type { Format } from './format.js';
import { languageModel } from './language-model.js';
import { openaiResponses } from './openai-responses.js';
import { google } from './google.js';
import { openaiChat } from './openai-chat.js';
import { uiMessage } from './ui-message.js';

/** The formats that are converted, by the name that commands know them by. */
export const formats = {
  'ai-sdk': aiSdk,
  anthropic,
  fantasy,
  'language-model': languageModel,
  'openai-responses': openaiResponses,
  google,
  'openai-chat': openaiChat,
  'ui-message': uiMessage,
} as const satisfies Readonly<Record<string, Format>>;

/** `stepfold` is no format to convert: its files hold events, which are taken as they are. */
export type FormatName = 'stepfold' | keyof typeof formats;

/** Every name that a recording's format may have. */
export const formatNames = ['stepfold', ...Object.keys(formats)] as readonly FormatName[];

export function isFormatName(name: string): name is FormatName {
  return (formatNames as readonly string[]).includes(name);
}
