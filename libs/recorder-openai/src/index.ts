export { recordOpenAI } from './record-openai.js';
