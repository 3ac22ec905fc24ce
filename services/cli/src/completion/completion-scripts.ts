import { CANDIDATES_COMMAND } from './print-candidates.js';

/**
 * What a shell is told. Each script asks the program itself, by the path that was typed, so it never has to
 * change with the commands.
 */
export const completionScripts = {
  bash: `_stepfold() {
  local line typed=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :file | :folder)
        compopt -o filenames 2>/dev/null
        local kind=-f path
        [ "$line" = :folder ] && kind=-d
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$kind" -- "$typed")
        ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <("\${COMP_WORDS[0]}" ${CANDIDATES_COMMAND} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _stepfold stepfold
`,
  zsh: `#compdef stepfold
_stepfold() {
  local line
  local -a candidates
  while IFS= read -r line; do
    case $line in
      :file) _files ;;
      :folder) _files -/ ;;
      *) candidates+=("$line") ;;
    esac
  done < <("\${words[1]}" ${CANDIDATES_COMMAND} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && compadd -- "\${candidates[@]}"
}
# Loaded from a folder of $fpath this is the function itself.
if [[ \${funcstack[1]} == _stepfold ]]; then
  _stepfold "$@"
else
  compdef _stepfold stepfold
fi
`,
  fish: `function __stepfold_candidates
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  for line in ($words[1] ${CANDIDATES_COMMAND} -- $words[2..-1] "$typed" 2>/dev/null)
    switch $line
      case :file
        __fish_complete_path "$typed"
      case :folder
        __fish_complete_directories "$typed"
      case '*'
        echo $line
    end
  end
end
complete -c stepfold -f -a '(__stepfold_candidates)'
`,
} as const;

export type ShellName = keyof typeof completionScripts;
