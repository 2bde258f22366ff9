// `hephaestusctl completion SHELL`: a script that completes resources, verbs and options.
// Must never be written by hand for a command; it is made from the commands themselves.
import { Argument, type Command } from 'commander';
import type { CommandContext } from '../command-context.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export function addCompletionCommand(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('a completion script for a shell; for bash: source <(hephaestusctl completion bash)')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: (typeof shells)[number], _options: unknown, command: Command) => {
      const script = shell === 'fish' ? fishScript(program) : bashScript(program, shell === 'zsh');
      context.output(command).show({ script }, () => script);
    });
}

/** Words that may follow each path of commands: `'' → nodes incidents …`, `nodes → list get …`. */
function wordsByPath(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: readonly string[]) => {
    const options = [...program.options, ...(command === program ? [] : command.options)].map(
      (option) => option.long ?? option.short ?? '',
    );
    words.set(path.join(' '), [...command.commands.map((child) => child.name()), ...new Set([...options, '--help'])]);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return words;
}

function bashScript(program: Command, zsh: boolean): string {
  const name = program.name();
  const cases = [...wordsByPath(program)].map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`);
  return [
    ...(zsh ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    `_${name}() {`,
    '  local path="" word words="" i',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    word="${COMP_WORDS[i]}"',
    '    case "$word" in -*) ;; *) case "$path" in "") path="$word" ;; *" "*) ;; *) path="$path $word" ;; esac ;; esac',
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    `complete -o default -F _${name} ${name}`,
  ].join('\n');
}

function fishScript(program: Command): string {
  const name = program.name();
  const lines = [`complete -c ${name} -f`];
  for (const resource of program.commands) {
    lines.push(`complete -c ${name} -n __fish_use_subcommand -a ${resource.name()} -d ${quoted(resource.description())}`);
    for (const verb of resource.commands) {
      lines.push(
        `complete -c ${name} -n '__fish_seen_subcommand_from ${resource.name()}' -a ${verb.name()} -d ${quoted(verb.description())}`,
      );
    }
  }
  return lines.join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
