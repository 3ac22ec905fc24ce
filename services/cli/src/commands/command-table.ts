import type { CommandDefinition } from './command-definition.js';

/** One command as `stepfold --help` lists it. What it is made of is loaded when it is named. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandDefinition>;
}

/** In the order in which each group of the help lists its own. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'play an agent session, or a recorded one, and show what was stored',
    load: async () => (await import('./demo.js')).demoCommand,
  },
  {
    name: 'fold',
    summary: 'print the messages that recorded streams become, without log or store',
    load: async () => (await import('./fold.js')).foldCommand,
  },
  {
    name: 'convert',
    summary: 'print the events that a recorded stream becomes',
    load: async () => (await import('./convert.js')).convertCommand,
  },
  {
    name: 'publish',
    summary: 'publish recorded streams to the log',
    load: async () => (await import('./publish.js')).publishCommand,
  },
  {
    name: 'import',
    summary: 'import chats of other systems',
    load: async () => (await import('./import.js')).importCommand,
  },
  {
    name: 'dev',
    summary: 'run projector and writer in one process',
    load: async () => (await import('./dev.js')).devCommand,
  },
  {
    name: 'projector',
    summary: 'run the service that folds events into messages',
    load: async () => (await import('./projector.js')).projectorCommand,
  },
  {
    name: 'writer',
    summary: 'run the service that stores messages',
    load: async () => (await import('./writer.js')).writerCommand,
  },
  {
    name: 'chats',
    summary: 'list the chats, last active first',
    load: async () => (await import('./chats.js')).chatsCommand,
  },
  {
    name: 'messages',
    summary: 'print the stored messages of a chat',
    load: async () => (await import('./messages.js')).messagesCommand,
  },
  {
    name: 'events',
    summary: 'print the events of a chat from the log, and what became of each',
    load: async () => (await import('./events.js')).eventsCommand,
  },
  {
    name: 'tail',
    summary: 'show events as they happen, until Ctrl-C',
    load: async () => (await import('./tail.js')).tailCommand,
  },
  {
    name: 'replay',
    summary: 'print the messages of a chat as the log yields them, as it stood then',
    load: async () => (await import('./replay.js')).replayCommand,
  },
  {
    name: 'explain',
    summary: 'show which events made a part of a message',
    load: async () => (await import('./explain.js')).explainCommand,
  },
  {
    name: 'verify',
    summary: 'fold the log again and compare it with what is stored',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  {
    name: 'lag',
    summary: 'say how far behind folding and storing are',
    load: async () => (await import('./lag.js')).lagCommand,
  },
  {
    name: 'dead-letters',
    summary: 'list, show or retry the records that could not be applied',
    load: async () => (await import('./dead-letters.js')).deadLettersCommand,
  },
  {
    name: 'rebuild',
    summary: 'fold chats again from the log and repair what is stored',
    load: async () => (await import('./rebuild.js')).rebuildCommand,
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete these commands',
    load: async () => (await import('./completion.js')).completionCommand,
  },
];
