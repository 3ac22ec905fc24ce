export { openOutbox, type OutboxOptions } from './open-outbox.js';
