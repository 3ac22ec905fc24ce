import type { Command } from 'commander';
import type { Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { Host } from '../host.js';
import { addLogOptions, type LogOptions } from '../open-logger.js';
import { foldEvents } from '../recordings/fold-events.js';
import { notePassedOver } from '../recordings/note-passed-over.js';
import {
  addRecordingOptions,
  checkRecordingOptions,
  type RecordingOptions,
} from '../recordings/recording-options.js';
import { planRecordings } from '../recordings/recording-plan.js';
import { openRecording, type Recording } from '../recordings/recording.js';
import { openProgress } from '../render/progress.js';
import { addMessagesOptions, printMessages, type MessagesOptions } from '../render/print-messages.js';
import type { CommandDefinition } from './command-definition.js';

type FoldOptions = RecordingOptions & LogOptions & MessagesOptions;

export const foldCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold fold recording.jsonl --format ai-sdk' },
    {
      line: 'stepfold fold - --format ai-sdk --json < recording.jsonl',
      does: 'as JSON, from standard input',
    },
  ],
  configure(command: Command, host: Host) {
    command.argument('<file...>', 'recorded streams, one event or part a line; - is standard input');
    addRecordingOptions(command, 'time of the first line (default: 2026-01-01T00:00:00Z)');
    addMessagesOptions(command);
    addLogOptions(command, 'warn').action((fileNames: readonly string[], options: FoldOptions) =>
      fold(fileNames, options, host),
    );
  },
};

async function fold(fileNames: readonly string[], options: FoldOptions, host: Host): Promise<void> {
  checkRecordingOptions(options);
  const recordings: Recording[] = [];
  const messages: Message[] = [];
  try {
    for (const plan of planRecordings(fileNames, options))
      recordings.push(await openRecording(plan, host.stdin));
    using progress = openProgress(host, 'folding', 'events');
    // How many there will be is known at the end only.
    const events = eventsOf(recordings, (count) => progress.report(count, 0));
    messages.push(...foldEvents(events));
  } finally {
    for (const recording of recordings) recording[Symbol.dispose]();
  }
  await notePassedOver(recordings, options, 'fold');
  await printMessages(messages, options, host);
}

function* eventsOf(
  recordings: readonly Recording[],
  onEvent: (count: number) => void,
): Generator<Event, void, undefined> {
  let count = 0;
  for (const recording of recordings) {
    for (const { event } of recording.events()) {
      onEvent(++count);
      yield event;
    }
  }
}
