// Manual pages and shell completion, made from what a program's --help says.
// Must never say what --help doesn't: a page that is written apart grows wrong.
import type { Program } from './product.ts';

export interface HelpWord {
  /** `run`, or `--config`. */
  readonly word: string;
  readonly text: string;
}

export interface HelpText {
  readonly commands: readonly HelpWord[];
  readonly options: readonly HelpWord[];
}

/** Reads the indented rows below `Commands:` and `Options:`. */
export function readHelp(help: string): HelpText {
  const found: Record<string, HelpWord[]> = { commands: [], options: [] };
  let section = '';
  for (const line of help.split('\n')) {
    const title = /^(\w+):$/.exec(line)?.[1];
    if (title !== undefined) section = title.toLowerCase();
    else if (line !== '' && !line.startsWith(' ')) section = '';
    const row = /^ {2}(\S.*?) {2,}(\S.*)$/.exec(line);
    if (row?.[1] === undefined || row[2] === undefined) continue;
    const words = section === 'options' ? [...row[1].matchAll(/--[a-z-]+/g)].map(([word]) => word) : [row[1].split(' ')[0] ?? ''];
    for (const word of words) found[section]?.push({ word, text: row[2] });
  }
  return { commands: found['commands'] ?? [], options: found['options'] ?? [] };
}

/** The help as a page: its sections become the page's, its rows keep their shape. */
export function manualPage(program: Program, help: string, version: string, date: string, seeAlso: readonly string[]): string {
  const lines = [
    `.TH ${program.command.toUpperCase()} ${program.section} "${date}" "Hephaestus ${version}" "Hephaestus"`,
    '.SH NAME',
    `${escape(program.command)} \\- ${escape(program.summary)}`,
  ];
  let filled = true;
  const shape = (fill: boolean): void => {
    if (fill !== filled) lines.push(fill ? '.fi' : '.nf');
    filled = fill;
  };
  for (const line of help.trimEnd().split('\n')) {
    const synopsis = /^Usage: (.*)$/.exec(line)?.[1];
    const title = /^([A-Z][A-Za-z ]*):$/.exec(line)?.[1];
    if (synopsis !== undefined) lines.push('.SH SYNOPSIS', escape(synopsis), '.SH DESCRIPTION');
    else if (title !== undefined) {
      if (!filled) lines.push('.fi');
      filled = true;
      lines.push(`.SH ${title.toUpperCase()}`);
    } else if (line === '') {
      shape(true);
      lines.push('.PP');
    } else {
      shape(!line.startsWith(' '));
      lines.push(escape(line));
    }
  }
  if (!filled) lines.push('.fi');
  // Two paragraph breaks in a row, or one before a heading, are a mistake to man's own checker.
  const kept = lines.filter((line, index) => line !== '.PP' || !/^\.(?:PP|SH|fi)/.test(lines[index + 1] ?? '.SH'));
  return `${[...kept, '.SH SEE ALSO', seeAlso.join(', ')].join('\n')}\n`;
}

/** Bash, zsh and fish, for a program whose commands take options of files only. */
export function completions(command: string, { commands, options }: HelpText): { bash: string; zsh: string; fish: string } {
  const words = [...new Set([...commands, ...options].map(({ word }) => word))].join(' ');
  const name = command.replaceAll('-', '_');
  const single = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return {
    bash: [
      `_${name}() {`,
      '  case "${COMP_WORDS[COMP_CWORD - 1]}" in --config | -c | --token-file) return ;; esac',
      `  mapfile -t COMPREPLY < <(compgen -W '${words}' -- "\${COMP_WORDS[COMP_CWORD]}")`,
      '}',
      `complete -o default -F _${name} ${command}`,
      '',
    ].join('\n'),
    zsh: [`#compdef ${command}`, `_arguments '*:word:_alternative "words:word:(${words})" "files:file:_files"'`, ''].join('\n'),
    fish: [
      ...commands.map(({ word, text }) => `complete -c ${command} -n __fish_use_subcommand -f -a ${word} -d ${single(text)}`),
      ...options.map(({ word, text }) => `complete -c ${command} -l ${word.slice(2)} -d ${single(text)}`),
      '',
    ].join('\n'),
  };
}

/** A dot or an apostrophe at a line's beginning would be a request, a backslash an escape, a bare dash a hyphen. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}
