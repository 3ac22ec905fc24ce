export { aiSdk } from './ai-sdk.js';
export { aiSdkCallFieldsOf, aiSdkMetadataOf, aiSdkRedactionOf } from './ai-sdk-part.js';
export { anthropic } from './anthropic.js';
export { argumentsOf } from './arguments-of.js';
export { beginsArray, createArrayReader, type ArrayReader } from './array-reader.js';
export {
  convertRecording,
  type ConvertedRead,
  type ConvertedRecording,
  type ConvertRecordingOptions,
  type RecordedEvent,
  type RecordingSummary,
} from './convert-recording.js';
export { errorOf, type GivenError } from './error-of.js';
export { fantasy } from './fantasy.js';
export { fieldsOf, isEmpty, isObject, listOf } from './fields-of.js';
export type { Converter, ConverterContext, Format } from './format.js';
export { formatNames, formats, isFormatName, type FormatName } from './formats.js';
export { jsonOf, textOf } from './json-of.js';
export { languageModel } from './language-model.js';
export { openaiResponses } from './openai-responses.js';
export { detectFormat, type Detection } from './detect-format.js';
export { google } from './google.js';
export { openaiChat } from './openai-chat.js';
export { metadataOf } from './metadata-of.js';
export { createPartCounter, type PartCounter } from './part-counter.js';
export { createPartReader, type PartReader, type ReadLine } from './part-reader.js';
export { createProviderIds, providerNameOf, type ProviderIds } from './provider-ids.js';
export { readEvent, type ReadEvent } from './read-event.js';
export { splitLines, type RecordingLine } from './recording-lines.js';
export { runFromFileName } from './run-from-file-name.js';
export { uiMessage } from './ui-message.js';
export { uiMessageFileOf } from './ui-message-file.js';
