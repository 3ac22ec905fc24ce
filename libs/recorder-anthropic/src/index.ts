export { recordAnthropic } from './record-anthropic.js';
