import { CommanderError } from 'commander';
import { CorruptStateError, errorCatalogue, TransientError, UsageError } from '@stepfold/runtime';
import { ProjectorFailed } from './demo/projector-failed.js';
import { OutputClosed, OutputFailed } from './output.js';
import { LogGivenUp } from './publishing/bounded-patience.js';

/** How a command ended: what the process answers, and the sentence for the person, if there is one. */
export interface Ending {
  readonly exitCode: number;
  readonly sentence?: string;
}

/**
 * The ending that an error means, `contract/commands.md`: 1 a check failed, 2 bad usage or input, 3 a
 * dependency is away. What is none of these is a fault of the program and answers 70 (`EX_SOFTWARE`), so
 * that no script takes it for a difference that was found.
 */
export function endingOf(error: unknown): Ending {
  if (error instanceof OutputClosed) return { exitCode: 0 };
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? { exitCode: 0 } : { exitCode: 2, sentence: usageSentence(error) };
  }
  // Disposing of something failed as well; what went wrong first is what the person needs.
  if (isSuppressed(error)) return endingOf(error.suppressed ?? error.error);
  const sentence = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof UsageError) return { exitCode: 2, sentence };
  if (error instanceof TransientError || error instanceof LogGivenUp || error instanceof OutputFailed) {
    return { exitCode: 3, sentence };
  }
  if (error instanceof ProjectorFailed) return { exitCode: error.end.exitCode ?? 70, sentence };
  if (error instanceof CorruptStateError) {
    // Starting again does not help, so whoever reads this has to learn what does.
    return { exitCode: 1, sentence: `${sentence}. ${errorCatalogue[error.code].remedy}` };
  }
  return {
    exitCode: 70,
    sentence: `a fault of the program: ${sentence} (STEPFOLD_DEBUG=1 shows where)`,
  };
}

interface Suppressed {
  readonly error: unknown;
  readonly suppressed: unknown;
}

function isSuppressed(error: unknown): error is Suppressed {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error;
}

/** Commander's own messages, as one sentence without its prefix. */
function usageSentence(error: CommanderError): string {
  if (error.code === 'commander.help') return 'name a command (see `stepfold --help`)';
  return oneLine(error.message.replace(/^error: (?:command-argument value )?/, ''))
    .replace(
      /( is invalid[^.]*)\. ([A-Z"])/,
      (_match, problem: string, next: string) => `${problem}: ${next.toLowerCase()}`,
    )
    .replace(/\.$/, '');
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
