import type { Command } from 'commander';
import type { Host } from '../host.js';
import { addLogOptions, type LogOptions } from '../open-logger.js';
import { notePassedOver } from '../recordings/note-passed-over.js';
import {
  addRecordingOptions,
  checkRecordingOptions,
  type RecordingOptions,
} from '../recordings/recording-options.js';
import { openRecordings } from '../recordings/open-recordings.js';
import type { Recording } from '../recordings/recording.js';
import { openProgress } from '../render/progress.js';
import { renderEvent } from '../render/render-event.js';
import { inspectionJson, renderInspection } from '../render/render-inspection.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { screenOf } from '../render/screen.js';
import type { CommandDefinition } from './command-definition.js';

type ConvertOptions = RecordingOptions & LogOptions & JsonOptions & { readonly inspect?: boolean };

export const convertCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold convert recording.jsonl --json' },
    { line: 'stepfold convert recording.jsonl --inspect', does: 'each part of it beside what it became' },
  ],
  configure(command: Command, host: Host) {
    command.argument('<file>', 'a recorded stream, one event or part a line; - is standard input');
    addRecordingOptions(command, 'time of the first line (default: 2026-01-01T00:00:00Z)');
    command.option('--inspect', 'print the parts of the file side by side with the events that they became');
    addJsonOption(command);
    addLogOptions(command, 'warn').action((fileName: string, options: ConvertOptions) =>
      convert(fileName, options, host),
    );
  },
};

/** Goes through the file twice: nothing is printed of a file that turns out to be bad. */
async function convert(fileName: string, options: ConvertOptions, host: Host): Promise<void> {
  checkRecordingOptions(options);
  using recordings = await openRecordings([fileName], options, host);
  const recording = recordings.all[0]!;
  checkEvents(recording, host);
  await notePassedOver(recordings, options, 'convert', host);
  const screen = screenOf(host);
  if (options.inspect === true) {
    const reads = recording.reads();
    const lines = options.json === true ? inspectionJson(reads) : renderInspection(reads, screen);
    for (const line of lines) await host.stdout.write(`${line}\n`);
    return;
  }
  for (const { event } of recording.events()) {
    await host.stdout.write(
      `${options.json === true ? JSON.stringify(event) : renderEvent(event, screen)}\n`,
    );
  }
}

function checkEvents(recording: Recording, host: Host): void {
  using progress = openProgress(host, 'reading', 'events');
  let count = 0;
  for (const _ of recording.events()) progress.report(++count, 0);
}
