import type { Argument, Command, Option } from 'commander';

/** What may stand where the last word is being typed. */
export interface Candidates {
  /** Words of the program. */
  readonly words: readonly string[];
  /** What else may stand there, which the shell or the store knows. */
  readonly kind?: 'file' | 'folder' | 'chat';
}

const none: Candidates = { words: [] };

/**
 * The candidates for the last of these words, which may be empty.
 * @param words all words behind `stepfold`
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const typed = words.at(-1) ?? '';
  const { command, operands, waiting, isOperandsOnly } = readWords(program, words.slice(0, -1));
  if (waiting !== undefined) return valuesOf(waiting, typed);
  if (typed.startsWith('-')) return isOperandsOnly ? none : beginningWith(typed, optionNames(command));
  const names = operands === 0 ? subcommandNames(command) : [];
  if (command.name() === 'help')
    return operands === 0 ? beginningWith(typed, subcommandNames(program)) : none;
  const argument = argumentAt(command, operands);
  const values = argument === undefined ? none : valuesOf(argument, typed);
  return { ...values, words: [...beginningWith(typed, names).words, ...values.words] };
}

/** Where in a command line its last word stands. */
interface Place {
  readonly command: Command;
  /** Words of that command so far that are neither options nor their values. */
  readonly operands: number;
  /** The option that the next word is the value of. */
  readonly waiting: Option | undefined;
  /** Whether `--` has been there. */
  readonly isOperandsOnly: boolean;
}

function readWords(program: Command, words: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let waiting: Option | undefined;
  let isOperandsOnly = false;
  for (const word of words) {
    if (waiting !== undefined) {
      waiting = undefined;
    } else if (word === '--') {
      isOperandsOnly = true;
    } else if (word.startsWith('-') && word !== '-' && !isOperandsOnly) {
      const option = command.options.find(({ short, long }) => short === word || long === word);
      if (option?.required === true || option?.optional === true) waiting = option;
    } else {
      const inner = operands === 0 ? commandsOf(command).find((child) => child.name() === word) : undefined;
      if (inner === undefined) operands++;
      else command = inner;
    }
  }
  return { command, operands, waiting, isOperandsOnly };
}

/** The commands within one, `help` included where there is one. */
function commandsOf(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command);
}

function subcommandNames(command: Command): readonly string[] {
  return commandsOf(command).map((child) => child.name());
}

function optionNames(command: Command): readonly string[] {
  const options = command.createHelp().visibleOptions(command);
  return options.flatMap(({ long, short }) => long ?? short ?? []);
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

/** What an argument or the value of an option may be. */
function valuesOf(of: Argument | Option, typed: string): Candidates {
  if (of.argChoices !== undefined) return beginningWith(typed, of.argChoices);
  const name = nameOfValue(of);
  if (name === 'file') return { words: [], kind: 'file' };
  if (name === 'dir') return { words: [], kind: 'folder' };
  const isChat = name === 'chat' || ('long' in of && of.long === '--chat');
  return isChat ? { words: [], kind: 'chat' } : none;
}

/** `file` of `<file...>`, and of `-o, --output <file>`. */
function nameOfValue(of: Argument | Option): string | undefined {
  if (!('flags' in of)) return of.name();
  return /[<[]([^>\].]+)/.exec(of.flags)?.[1];
}

function beginningWith(typed: string, words: readonly string[]): Candidates {
  return { words: words.filter((word) => word.startsWith(typed)) };
}
