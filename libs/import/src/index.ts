export { importCoderMessages } from './coder-messages.js';
export type { ImportedChat, ImportOptions } from './imported-chat.js';
export { importLangGraphThread } from './langgraph-thread.js';
export { importUiMessages } from './ui-messages.js';
