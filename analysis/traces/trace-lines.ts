// Turns a text into the bare lines of a trace: unescaped, without wrappers, colours and prefixes.
// Must never drop a line because of what it says.
import { marginOf, prefixOf } from './continuation.ts';
import { isBlank, isIndented } from './join-rules.ts';
import { unwrapLine } from './line-wrapper.ts';
import { behindPrefix } from './shared-prefix.ts';

/** Lines looked at: what exceeds them is dropped from the middle, since heads stand first and Python's innermost frames last. */
export const MAX_TRACE_LINES = 20_000;

/** Longest line looked at, in characters. */
const MAX_LINE = 16_384;

/** The text's lines, ready for a reader. */
export function traceLines(text: string): string[] {
  const raw = unescaped(text).split('\n');
  const kept = raw.length <= MAX_TRACE_LINES ? raw : [...raw.slice(0, MAX_TRACE_LINES / 2), ...raw.slice(-MAX_TRACE_LINES / 2)];
  return withoutMargin(withoutPrefix(kept.map((line) => bare(line))).map((line) => dropPrefix(line)));
}

/** Lines looked at for a header that all have. */
const MAX_HEADED = 64;

/** A header goes that a logger or a container tool put before each line of the trace. */
function withoutPrefix(lines: readonly string[]): readonly string[] {
  for (let index = 1; index < lines.length && index < MAX_HEADED; index += 1) {
    const prefix = prefixOf(lines[index - 1] ?? '', lines[index] ?? '');
    if (prefix === '') continue;
    return lines.map((line) => line.slice(behindPrefix(prefix, line) ?? 0));
  }
  return lines;
}

/** A logger's indentation goes where it stands before the head of a trace and all that follows it. */
function withoutMargin(lines: string[]): string[] {
  const head = lines.findIndex((line) => isIndented(line) && !isBlank(line));
  const margin = head < 0 ? '' : marginOf(lines[head] ?? '', lines[head - 1] ?? '');
  if (margin === '') return lines;
  for (let index = head; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.startsWith(margin)) lines[index] = line.slice(margin.length);
    else if (!isBlank(line)) break;
  }
  return lines;
}

/** Whether one line holds several, escaped. In a short one a single escape is more likely part of a path. */
export function holdsEscapedLines(line: string): boolean {
  if (line.length < 32) return false;
  const first = line.indexOf('\\n');
  if (first >= 0 && (line.length > 200 || line.includes('\\n', first + 2))) return true;
  return line.includes('#012');
}

function bare(line: string): string {
  let content = line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line;
  if (content.endsWith('\r')) content = content.slice(0, -1);
  if (content.includes('\u001B[')) content = content.replaceAll(COLOUR, '');
  const first = content.charCodeAt(0);
  // Bytes that no writer meant as text, such as a length before a record.
  if (first < 0x20 && first !== 0x09) content = content.replace(CONTROLS, '');
  // Mail and chat turn the tab before a frame into other white space.
  if (first > 0x7f) content = content.replace(/^[\u00A0\u2000-\u200A\u202F\u3000]{1,40}/, (spaces) => ' '.repeat(spaces.length));
  return unwrapLine(content);
}

// oxlint-disable-next-line no-control-regex -- colours begin with the escape character
const COLOUR = /\u001B\[[\d;]{0,20}m/g;

// oxlint-disable-next-line no-control-regex -- meant: control characters but the tab
const CONTROLS = /^[\u0000-\u0008\u000A-\u001F]+/;

/** What a frame begins with, where a logger put its own header before every line of the trace. */
const FRAME_MARKS = ['    at ', '\tat ', '  File "', 'Traceback (most recent call last):', '\tfrom ', 'Caused by: '];

const KERNEL_TIME = /^.{0,50}?\[ {0,5}\d{1,9}\.\d{6}\](?:\[ {0,8}[TC]\d{1,9}\])? /;

/** Drops a header before a frame, and compose's `web-1  | `. */
function dropPrefix(line: string): string {
  const pipe = line.indexOf(' | ');
  const rest = pipe > 0 && pipe < 40 && /^[\w.-]{1,36}\s{0,20}$/.test(line.slice(0, pipe)) ? line.slice(pipe + 3) : line;
  // A serial console writes the kernel's lines behind whatever prompt stood there.
  const kernelTime = rest.length < 4000 && rest.includes('] ') ? KERNEL_TIME.exec(rest.slice(0, 100)) : null;
  if (kernelTime !== null) return rest.slice(kernelTime[0].length);
  const first = rest.charCodeAt(0);
  // Only a line that begins with a time or a bracket has a header that matters here.
  if (!((first >= 0x30 && first <= 0x39) || first === 0x5b)) return rest;
  for (const mark of FRAME_MARKS) {
    const at = rest.indexOf(mark);
    if (at > 0 && at < 200) return rest.slice(at);
  }
  return rest;
}

/**
 * Undoes the escaping of JSON where line ends are escaped: the string literals that hold them become lines of their own. So do the
 * control characters that rsyslog writes in octal: `#012` for a line end, `#011` for a tab.
 */
function unescaped(given: string): string {
  const text = given.includes('#012') && !given.includes('\n') ? given.replaceAll('#012', '\n').replaceAll('#011', '\t') : given;
  if (!text.includes('\\n')) return text;
  const out: string[] = [];
  for (const line of text.split('\n')) {
    // A container's line ends in an escaped line end of its own.
    const content = line.startsWith('{"log":"') ? unwrapLine(line) : line;
    out.push(content.includes('\\n') ? unescapeLine(content) : content);
  }
  return out.join('\n');
}

function unescapeLine(line: string): string {
  const literals: string[] = [];
  let open = line.indexOf('"');
  while (open >= 0) {
    let close = open + 1;
    let hasBreak = false;
    while (close < line.length && line.charCodeAt(close) !== 0x22) {
      if (line.charCodeAt(close) === 0x5c) {
        if (line.charCodeAt(close + 1) === 0x6e) hasBreak = true;
        close += 1;
      }
      close += 1;
    }
    if (hasBreak) literals.push(line.slice(open + 1, close));
    open = line.indexOf('"', close + 1);
  }
  // Without a literal around it the escape stands in plain text; a source line may hold one too, so one alone means nothing.
  if (literals.length === 0) return line.split('\\n').length > 2 ? unescapeText(line) : line;
  const longest = literals.toSorted((left, right) => right.length - left.length)[0] ?? '';
  return looksLikeSource(line, longest) ? line : unescapeText(longest);
}

/** A source line that a trace quotes (`print("a\n")`) must stay one line. */
function looksLikeSource(line: string, literal: string): boolean {
  return literal.split('\\n').length < 3 && !line.trimStart().startsWith('{');
}

const ESCAPE = /\\(?:u[\dA-Fa-f]{4}|[ntr"\\/bf])/g;

function unescapeText(text: string): string {
  const once = text.replaceAll(ESCAPE, (escape) => {
    switch (escape.charCodeAt(1)) {
      case 0x6e:
        return '\n';
      case 0x74:
        return '\t';
      case 0x72:
      case 0x62:
      case 0x66:
        return '';
      case 0x75:
        return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
      default:
        return escape.slice(1);
    }
  });
  return once;
}
