import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { explainPart } from '@stepfold/audit';
import { messageToJson } from '@stepfold/fold';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { parseWhole } from '../parse-whole.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { renderExplanation } from '../render/render-explanation.js';
import { screenOf } from '../render/screen.js';
import type { CommandDefinition } from './command-definition.js';

type ExplainOptions = AdapterOptions & JsonOptions;

/** Beyond every part that a message can have: 10,000, and a synthetic result for each call. */
const PART_INDEX_MAX = 99_999;

export const explainCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold explain my-chat recording.0 0', does: 'the first part of the first step' },
    { line: 'stepfold explain my-chat recording.0 0 --json' },
  ],
  configure(command: Command, host: Host) {
    command
      .argument('<chat>', 'id of the chat', parseId)
      .argument('<step>', 'id of the step', parseId)
      .argument('<part>', 'index in the parts of its message, from 0', (text) =>
        parseWhole(text, PART_INDEX_MAX, 'parts'),
      );
    addJsonOption(command);
    addAdapterOptions(command, host, 'log').action(
      (chatId: string, stepId: string, partIndex: number, options: ExplainOptions) =>
        printExplanation({ chatId, stepId, partIndex }, options, host),
    );
  },
};

interface PartPlace {
  readonly chatId: string;
  readonly stepId: string;
  readonly partIndex: number;
}

async function printExplanation(place: PartPlace, options: ExplainOptions, host: Host): Promise<void> {
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await checkGenerationOfStore(log, context, 'join');
  const { message, events } = await explainPart({
    ...place,
    log,
    createSha256: () => createHash('sha256'),
  });
  const json = messageToJson(message);
  const part = json.parts[place.partIndex]!;
  await host.stdout.write(
    options.json === true
      ? `${JSON.stringify({ part, events })}\n`
      : renderExplanation({ message: json, part, partIndex: place.partIndex, events }, screenOf(host)),
  );
}
