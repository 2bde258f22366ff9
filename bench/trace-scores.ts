// Judges parsed traces against labels: what counts as right is defined here, and nowhere else.
// Must never parse a trace, nor read a file.
import { significantFrames } from '../analysis/significant-frames.ts';
import type { Frame, Trace, TraceLanguage } from '../analysis/trace.ts';

/** A label of `generated/manifest.json`. */
export interface GeneratedLabel {
  readonly file: string;
  readonly language: string;
  readonly group: string;
  readonly exception: string;
  readonly top_app_function: string;
}

/** Names that data sets give languages, and ours. */
const LANGUAGES: Readonly<Record<string, readonly TraceLanguage[]>> = {
  node: ['node'],
  node_js: ['node'],
  js: ['node', 'browser'],
  client_js: ['browser'],
  browser: ['browser'],
  python: ['python'],
  java: ['java'],
  kotlin: ['java'],
  go: ['go'],
  ruby: ['ruby'],
  rails: ['ruby'],
  php: ['php'],
  rust: ['rust'],
  perl: ['perl'],
  dart: ['dart'],
  lua: ['lua'],
  elixir: ['elixir'],
  erlang: ['erlang'],
  'dotnet-mono': ['dotnet'],
  dotnet: ['dotnet'],
  csharp: ['dotnet'],
  'c-asan': ['native'],
  c: ['native'],
  cpp: ['native'],
  gdb: ['native'],
};

/** True when the parsed language is the one that the data set's word means. A word not known here is compared as it is. */
export function isLanguage(word: string, language: TraceLanguage): boolean {
  return (LANGUAGES[word] ?? [word]).includes(language);
}

/** The first frame of the application. */
export function topAppFrame(trace: Trace): Frame | undefined {
  return trace.frames.find((frame) => frame.inApp);
}

/**
 * Right when language, exception type and top in-app function are. A sanitizer's name before the type may be there or not. Go prints
 * an error's text but not its type: where the labelled type isn't in the text, `panic` is right.
 */
export function judgeGenerated(label: GeneratedLabel, trace: Trace | undefined, text: string): readonly string[] {
  if (trace === undefined) return ['no trace'];
  const faults: string[] = [];
  if (!isLanguage(label.language, trace.language)) faults.push(`language ${trace.language}`);
  const isType = trace.type === label.exception || trace.type?.endsWith(`: ${label.exception}`) === true;
  if (!isType && !(trace.type === 'panic' && !text.includes(label.exception))) faults.push(`type ${trace.type}`);
  const top = topAppFrame(trace)?.function;
  if (top !== label.top_app_function) faults.push(`top ${top}`);
  return faults;
}

/** `java` of `complex_java_exc.txt`, `node_js` of `node_js_exc.txt`, `go` of `go_on_gae_exc.txt`. */
export function languageOfName(file: string): string | undefined {
  const words = file.replace(/\.txt$/, '').split('_');
  for (let index = 0; index < words.length; index += 1) {
    const pair = words.slice(index, index + 2).join('_');
    if (pair in LANGUAGES) return pair;
    const word = words[index] ?? '';
    if (word in LANGUAGES) return word;
  }
  return undefined;
}

/**
 * Right when the language is the file name's, a type was found that the text holds (or that stands for the text's sentence), and the
 * top in-app frame is on a line of the text together with its file and line.
 */
export function judgeNamed(file: string, trace: Trace | undefined, text: string): readonly string[] {
  if (trace === undefined) return ['no trace'];
  const faults: string[] = [];
  const word = languageOfName(file);
  if (word === undefined || !isLanguage(word, trace.language)) faults.push(`language ${trace.language}`);
  if (trace.type === undefined) faults.push('no type');
  const top = topAppFrame(trace);
  if (top === undefined) faults.push('no frame of the application');
  else if (top.file !== undefined && !text.includes(top.file)) faults.push(`file ${top.file}`);
  else if (top.function !== undefined && top.function !== '{main}' && !text.includes(top.function)) faults.push(`function ${top.function}`);
  return faults;
}

/** Longest function name that the labels of the crash states keep, in characters. */
const STATE_NAME = 80;

/** Frames that a crash state demands: at most three. */
const STATE_FRAMES = 3;

/**
 * The frames of a labelled crash state. A state may begin with what failed (a condition, a cast) in place of a frame, and ends early
 * where a stack does; `NULL` means that no frame says anything. A line of the state is a frame when a frame line of the text holds it.
 */
export function stateFrames(state: string, text: string): readonly string[] {
  const lines = state.split('\n').filter((line) => line !== '' && line !== 'NULL');
  const frameLines = text
    .split('\n')
    .filter((line) => isFrameLine(line))
    .map(plain);
  return lines.filter((line) => frameLines.some((frame) => holdsFunction(frame, plain(line)))).slice(0, STATE_FRAMES);
}

/** Lines by which a stack is known: numbered, with an address or an offset into a function, or beginning with `at`, `File`, a Go call. */
function isFrameLine(line: string): boolean {
  return /^\s*#\d+|^\s*\d+:\s|\+0x[\da-f]+|^\s+at |^\s*File "|^\s*[\da-f]{8}|^\S+\(.{0,2000}\)\s*$/.test(line);
}

/** The function stands in the line as a whole word, and not inside a path. */
function holdsFunction(line: string, name: string): boolean {
  const at = line.indexOf(name);
  if (at < 0) return false;
  const before = line.charAt(at - 1);
  const isInside = /[/\\.-]/.test(before) && !line.startsWith(name, line.lastIndexOf('/', line.indexOf('(')) + 1);
  const next = line.charAt(at + name.length);
  return !isInside && !(name.length < STATE_NAME - 8 && /[\w+]/.test(next) && next !== '+');
}

/** Without what labels leave out: anonymous namespaces. */
function plain(text: string): string {
  return text.replaceAll('(anonymous namespace)::', '').replaceAll("`anonymous namespace'::", '');
}

/** True when the first in-app functions are exactly the state's frames, compared as far as labels keep names. */
export function hasStateFrames(expected: readonly string[], trace: Trace | undefined): boolean {
  const frames = trace === undefined ? [] : significantFrames(trace);
  const own = frames.map((frame) => cut(trace?.language === 'go' ? shortPackage(frame.function ?? '') : (frame.function ?? '')));
  return expected.every((name, index) => cut(name) === own[index]) && (expected.length > 0 || own.length === 0);
}

/** Labels cut names at a length, and an operator's parentheses with its arguments. */
function cut(name: string): string {
  return name.replace(/\(\)$/, '').slice(0, STATE_NAME).trim();
}

/** Labels name a Go package by the last part of its path. */
function shortPackage(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
