import { Argument, type Command } from 'commander';
import { completionScripts, type ShellName } from '../completion/completion-scripts.js';
import type { Host } from '../host.js';
import type { CommandDefinition } from './command-definition.js';

const installation = `
How to install it, where \`stepfold\` is on the PATH (in this repository:
export PATH=$PWD/node_modules/.bin:$PATH):
  bash  eval "$(stepfold completion bash)"         in ~/.bashrc
  zsh   eval "$(stepfold completion zsh)"          in ~/.zshrc, behind compinit
  fish  stepfold completion fish | source          in ~/.config/fish/config.fish`;

export const completionCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold completion bash' },
    { line: 'stepfold completion zsh > _stepfold', does: 'as a file for a folder of $fpath' },
  ],
  configure(command: Command, host: Host) {
    command
      .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(completionScripts)))
      .addHelpText('after', installation)
      .action((shell: ShellName) => host.stdout.write(completionScripts[shell]));
  },
};
