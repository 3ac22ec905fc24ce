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
import { openRecordings, type Recordings } from '../recordings/open-recordings.js';
import { openProgress } from '../render/progress.js';
import { addMessagesOptions, printMessages, type MessagesOptions } from '../render/print-messages.js';
import type { CommandDefinition } from './command-definition.js';

type FoldOptions = RecordingOptions & LogOptions & MessagesOptions;

export const foldCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold fold recording.jsonl' },
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
  using recordings = await openRecordings(fileNames, options, host);
  const messages = foldRecordings(recordings, host);
  await notePassedOver(recordings, options, 'fold', host);
  await printMessages(messages, options, host);
}

function foldRecordings(recordings: Recordings, host: Host): readonly Message[] {
  using progress = openProgress(host, 'folding', 'events');
  // How many there will be is known at the end only.
  return [...foldEvents(eventsOf(recordings, (count) => progress.report(count, 0)))];
}

function* eventsOf(
  recordings: Recordings,
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
