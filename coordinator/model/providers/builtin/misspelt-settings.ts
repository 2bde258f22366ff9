// Misspelt words of configuration: one that a program refuses, a key that the code spells otherwise, a module's path that no file bears.
// Must never correct a word that is not the only one nearly like it, or one that code reads.
import { posix } from 'node:path';
import type { PatternCandidate, PatternProblem, PatternSetting } from '../../pattern-engine.ts';
import { wordsKnownTo, type KnownProgram } from './known-words.ts';
import { nearestOf } from './near-names.ts';

type Told = Pick<PatternProblem, 'type' | 'message' | 'places' | 'files' | 'paths'>;

interface Refused {
  readonly word: string;
  /** Undefined where the words are those that stand in the same kind of file. */
  readonly program: KnownProgram | undefined;
  /** What the program itself would have taken. */
  readonly suggested: string | undefined;
}

/** The programs' own wording: systemd, nginx, OpenSSH, and what validators of settings commonly say. */
const refusals: readonly (readonly [RegExp, KnownProgram | undefined])[] = [
  [/Unknown (?:key name|lvalue|key) '([\w-]{3,60})' in section/, 'systemd'],
  [/Unknown section '([\w-]{3,60})'/, 'systemd'],
  [/unknown directive "([\w-]{3,60})"/, 'nginx'],
  [/Bad configuration option: ([\w-]{3,60})/, 'sshd'],
  [/Invalid command '([\w-]{3,60})', perhaps misspelled/, undefined],
  [/field ([\w-]{3,60}) not found in type/, undefined],
  [
    /(?:[Uu]nknown|[Uu]nrecognized|[Uu]nsupported|[Uu]nexpected|[Ii]nvalid) (?:configuration )?(?:option|key|field|property|setting|parameter|argument)s?(?:\(s\))?(?: name)?:? (?:in object: )?["'`]([\w.-]{3,60})["'`]/,
    undefined,
  ],
];

const configuration =
  /\.(?:json|ya?ml|toml|ini|conf|cfg|cnf|config|properties|env|service|timer|socket|mount|path|target)$|(?:^|\/)(?:\.env[\w.]*|\w+_config|Caddyfile)$/;

function readRefusal(words: string): Refused | undefined {
  for (const [pattern, program] of refusals) {
    const word = pattern.exec(words)?.[1];
    if (word !== undefined) return { word, program, suggested: /[Dd]id you mean:? ["'`]?([\w.-]{3,60})/.exec(words)?.[1] };
  }
  return undefined;
}

/** The key that the code looked up and the configuration didn't have. */
function missingKey({ type, message, places, files }: Told): string | undefined {
  if (type?.endsWith('KeyError') === true) return /^['"]([\w.-]{4,60})['"]$/.exec(message)?.[1];
  const property = /Cannot read propert(?:y|ies) .{0,80}\(reading '([\w$]{1,60})'\)/.exec(message)?.[1];
  const [place] = places;
  if (property === undefined || place === undefined) return undefined;
  const line = files.get(place.path)?.split('\n')[place.line - 1] ?? '';
  // `config.database.host`: the member before what was read is what is missing.
  const at = line.search(new RegExp(`\\.${property.replaceAll('$', '\\$')}\\b`));
  return at === -1 ? undefined : /\.([A-Za-z_]\w{3,60})$/.exec(line.slice(0, at))?.[1];
}

interface MissingModule {
  /** As the importing line writes it. */
  readonly written: string;
  /** Its last part, which is misspelt. */
  readonly stem: string;
}

function missingModule({ message }: Told): MissingModule | undefined {
  const python = /^No module named '([\w.]{3,120})'/.exec(message)?.[1];
  if (python !== undefined) return { written: python, stem: python.split('.').at(-1) ?? '' };
  const node = /Cannot find module '([^'\n]{3,300})'/.exec(message)?.[1];
  if (node === undefined || !/^[./]/.test(node)) return undefined;
  return { written: node, stem: posix.basename(node) };
}

/** What to look for in the repository. */
export function settingKeys(problem: Told): readonly string[] {
  const refused = readRefusal(`${problem.type ?? ''} ${problem.message}`);
  if (refused !== undefined) return [refused.word];
  const module = missingModule(problem);
  if (module !== undefined) return [module.stem];
  const key = missingKey(problem);
  // A word with one fault has one of its halves right.
  const half = Math.ceil((key?.length ?? 0) / 2);
  return key === undefined || key.length < 5 ? [] : [key.slice(0, half), key.slice(-half)];
}

export function correctSettings(problem: PatternProblem): readonly PatternCandidate[] {
  const refused = readRefusal(`${problem.type ?? ''} ${problem.message}`);
  if (refused !== undefined) return correctRefused(problem, refused);
  const module = missingModule(problem);
  if (module !== undefined) return correctModule(problem, module);
  const key = missingKey(problem);
  return key === undefined ? [] : correctKey(problem, key);
}

function correctRefused(problem: PatternProblem, { word, program, suggested }: Refused): readonly PatternCandidate[] {
  const lines = problem.settings.filter(
    ({ path, text }) => configuration.test(path) && new RegExp(`(?:^|[^\\w-])${word}(?![\\w-])`).test(text),
  );
  return lines.slice(0, 3).flatMap((setting) => {
    const beside = program === undefined ? keysIn(problem.files.get(setting.path) ?? '') : wordsKnownTo(program);
    const meant = suggested ?? nearestOf(word, beside);
    if (meant === undefined || (program !== undefined && wordsKnownTo(program).includes(word))) return [];
    const why = `${word} on line ${setting.line} of ${setting.path} is refused by what reads it; ${meant} is what it knows, and nearly called so.`;
    return replaceWord(problem, setting, word, meant, why);
  });
}

function correctKey(problem: PatternProblem, key: string): readonly PatternCandidate[] {
  const files = [...new Set(problem.settings.map(({ path }) => path).filter((path) => configuration.test(path)))];
  return files.slice(0, 4).flatMap((path) => {
    const keys = keysIn(problem.files.get(path) ?? '');
    const written = keys.includes(key) ? undefined : nearestOf(key, keys);
    const setting = problem.settings.find((one) => one.path === path && written !== undefined && one.text.includes(written));
    // What code reads by the other spelling is another setting.
    const isRead = problem.settings.some(
      (one) => !configuration.test(one.path) && written !== undefined && new RegExp(`\\b${written}\\b`).test(one.text),
    );
    if (written === undefined || setting === undefined || isRead) return [];
    const why = `The code reads ${key}, and line ${setting.line} of ${path} spells it ${written}, which nothing reads.`;
    return replaceWord(problem, setting, written, key, why);
  });
}

function correctModule(problem: PatternProblem, { written, stem }: MissingModule): readonly PatternCandidate[] {
  const isPython = !/[/\\]/.test(written);
  const folder = isPython ? written.split('.').slice(0, -1).join('/') : posix.dirname(written);
  const names = problem.paths
    .filter((path) => (isPython ? path.endsWith('.py') : /\.[cm]?[jt]sx?$/.test(path)))
    .filter((path) => {
      const own = posix.dirname(path);
      // Node names the whole path on the host, or one relative to the file.
      return isPython ? own === (folder === '' ? '.' : folder) : folder === own || folder.endsWith(`/${own}`) || folder.startsWith('.');
    })
    .map((path) => posix.basename(path, isPython ? '.py' : undefined));
  const meant = nearestOf(stem, names);
  if (meant === undefined || names.includes(stem)) return [];
  const lines = problem.settings.filter(
    ({ text }) => /\b(?:import|from|require)\b/.test(text) && new RegExp(`[./'"\\s]${stem.replaceAll('.', '\\.')}(?![\\w.-])`).test(text),
  );
  return lines.slice(0, 3).flatMap((setting) => {
    const why = `Line ${setting.line} of ${setting.path} imports ${stem}, and there is no such file; ${meant} is there, and nearly called so.`;
    return replaceWord(problem, setting, stem, meant, why);
  });
}

/** Words that stand where a key or a directive does. */
function keysIn(text: string): readonly string[] {
  return [
    ...text.matchAll(/^[ \t]{0,40}(?:-[ \t]+)?["']?([A-Za-z_][\w.-]{2,60})["']?(?=[ \t]*[:=;{ \t])/gm),
    ...text.matchAll(/[{,][ \t]{0,20}"([A-Za-z_][\w.-]{2,60})"[ \t]{0,20}:/g),
  ].map((match) => match[1] ?? '');
}

function replaceWord(
  problem: PatternProblem,
  { path, line, text }: PatternSetting,
  word: string,
  meant: string,
  rootCause: string,
): readonly PatternCandidate[] {
  const lines = problem.files.get(path)?.split('\n');
  const old = lines?.[line - 1];
  if (lines === undefined || old?.startsWith(text.trimEnd()) !== true) return [];
  const changed = old.replace(new RegExp(`(^|[^\\w-])${word.replaceAll('.', '\\.')}(?![\\w-])`), (_, before: string) => before + meant);
  if (changed === old) return [];
  return [
    {
      pattern: 'misspelt-setting',
      title: `Write ${meant} instead of ${word} in ${path}`.slice(0, 72),
      rootCause,
      files: new Map([[path, lines.with(line - 1, changed).join('\n')]]),
      size: 2,
      loses: 0,
      reverts: undefined,
    },
  ];
}
