import type { Command } from 'commander';
import type { Host } from '../host.js';

/** One command: its arguments and options, and what it does. */
export interface CommandDefinition {
  configure(command: Command, host: Host): void;
}
