// Takes the wrapper off a log line: the header that syslog, CRI, Docker or the kernel's ring buffer puts before every line.
// Must never judge the content, nor copy a line that has no wrapper.

/** Longest wrapper looked at, in characters; what is longer is content. */
const MAX_WRAPPER = 160;
/** The same of an RFC 5424 header, which may hold data. */
const MAX_PROTOCOL = 1024;

/**
 * The line without its wrapper: RFC 3164 and ISO-time syslog lines (`Nov 23 03:12:58 host app[12]: …`), RFC 5424 lines with their
 * priority (`<27>1 2026-11-23T03:12:58Z host app 12 - - …`), CRI lines
 * (`2026-11-23T03:12:58Z stderr F …`), Docker JSON lines (`{"log":"…\n",…}`), the columns of compose, pm2 and foreman (`web-1  | `) and the kernel's `[  12.345678] …`, also nested.
 * Tabs that rsyslog wrote as `#011` become tabs again. A line without wrapper is returned as it is.
 */
export function unwrapLine(line: string): string {
  const first = line.charCodeAt(0);
  let content = line;
  if (first === LT) content = dropProtocol(dropPriority(line));
  content = content.slice(columnEnd(content));
  const start = content.charCodeAt(0);
  if (start >= ZERO && start <= NINE) content = dropIsoHeader(content);
  else if (start >= UPPER_A && start <= UPPER_S) content = dropBsdHeader(content);
  else if (start === BRACE) content = dockerLog(content);
  if (content.charCodeAt(0) === BRACKET) content = dropBracketTime(content);
  if (content.charCodeAt(0) === HASH && content.startsWith('#011')) content = content.replaceAll('#011', '\t');
  return content;
}

/** Longest name of a program before a column. */
const MAX_COLUMN = 62;
/** Digits before pm2's first column. */
const MAX_NUMBER = 4;

/** Where the content begins behind `web-1  | ` (compose), `0|app  | ` (pm2) or `03:12:58 web.1   | ` (foreman); 0 where there is no column. */
export function columnEnd(line: string): number {
  const first = line.charCodeAt(0);
  if (first < ZERO || first === BRACKET || first === BRACE || first === LT) return 0;
  let at = first <= NINE && isClock(line) ? 9 : 0;
  // Only pm2's number may come first, or a table would be taken for one.
  if (at === 0 && first <= NINE) {
    while (at < MAX_NUMBER && isDigit(line.charCodeAt(at))) at += 1;
    if (line.charCodeAt(at) !== PIPE) return 0;
    at += 1;
  }
  const name = at;
  while (isNameCode(line.charCodeAt(at))) at += 1;
  if (at === name || at > MAX_COLUMN) return 0;
  while (line.charCodeAt(at) === SPACE && at < MAX_COLUMN) at += 1;
  return line.charCodeAt(at) === PIPE && line.charCodeAt(at - 1) === SPACE && (line.charCodeAt(at + 1) === SPACE || at + 1 === line.length)
    ? Math.min(at + 2, line.length)
    : 0;
}

/** `03:12:58 ` */
function isClock(line: string): boolean {
  return line.charCodeAt(2) === COLON && line.charCodeAt(5) === COLON && line.charCodeAt(8) === SPACE;
}

/** Of names of programs and containers. */
function isNameCode(code: number): boolean {
  return (
    isDigit(code) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x2d || code === 0x2e || code === 0x5f
  );
}

/** The lines of a text without the header that a container runtime put before each. */
export function unwrapLines(text: string): string {
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const first = line.charCodeAt(0);
    if (first === BRACE) lines[index] = dockerLog(line);
    else if (first >= ZERO && first <= NINE && isContainerLine(line)) lines[index] = dropIsoHeader(line);
  }
  return lines.join('\n');
}

function isContainerLine(line: string): boolean {
  const space = line.indexOf(' ', 19);
  return space > 0 && space <= 40 && (line.startsWith('stdout ', space + 1) || line.startsWith('stderr ', space + 1));
}

const LT = 0x3c;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_A = 0x41;
const UPPER_S = 0x53;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const HASH = 0x23;
const COLON = 0x3a;
const SPACE = 0x20;
const PIPE = 0x7c;

/** `<13>` of a syslog line as it travels. */
function dropPriority(line: string): string {
  const end = line.indexOf('>');
  if (end < 2 || end > 4) return line;
  for (let index = 1; index < end; index += 1) if (!isDigit(line.charCodeAt(index))) return line;
  return line.slice(end + 1);
}

/** `1 TIME HOST APP PROCID MSGID DATA ` behind the priority (RFC 5424 section 6); structured data may be `-` or elements in brackets. */
function dropProtocol(line: string): string {
  if (line.charCodeAt(0) !== 0x31 || line.charCodeAt(1) !== SPACE) return line;
  let at = 2;
  for (let field = 0; field < 5; field += 1) {
    at = line.indexOf(' ', at) + 1;
    if (at === 0 || at > MAX_PROTOCOL) return line;
  }
  at = behindData(line, at);
  if (line.charCodeAt(at) !== SPACE) return line;
  // The byte order mark that UTF-8 messages may begin with, one character a byte or decoded.
  const start = line.startsWith('\u00ef\u00bb\u00bf', at + 1) ? at + 4 : line.charCodeAt(at + 1) === 0xfeff ? at + 2 : at + 1;
  return line.slice(start);
}

/** Index behind structured data; -1 if there is none. */
function behindData(line: string, start: number): number {
  if (line.charCodeAt(start) === 0x2d) return start + 1;
  let at = start;
  while (line.charCodeAt(at) === BRACKET) {
    let isQuoted = false;
    for (at += 1; at < line.length && (isQuoted || line.charCodeAt(at) !== 0x5d); at += 1) {
      const code = line.charCodeAt(at);
      if (code === 0x5c) at += 1;
      else if (code === 0x22) isQuoted = !isQuoted;
    }
    at += 1;
    if (at > line.length || at > MAX_PROTOCOL) return -1;
  }
  return at === start ? -1 : at;
}

function dropIsoHeader(line: string): string {
  if (line.charCodeAt(10) !== 0x54 || line.charCodeAt(4) !== 0x2d || line.charCodeAt(13) !== COLON) return line;
  const space = line.indexOf(' ', 19);
  if (space < 0 || space > 40) return line;
  if (line.startsWith('stdout ', space + 1) || line.startsWith('stderr ', space + 1)) {
    const flag = space + 8;
    return line.charCodeAt(flag + 1) === SPACE ? line.slice(flag + 2) : line;
  }
  return dropHostAndTag(line, space + 1);
}

function dropBsdHeader(line: string): string {
  const isTime =
    line.charCodeAt(3) === SPACE &&
    line.charCodeAt(6) === SPACE &&
    line.charCodeAt(9) === COLON &&
    line.charCodeAt(12) === COLON &&
    line.charCodeAt(15) === SPACE;
  return isTime ? dropHostAndTag(line, 16) : line;
}

/** From `host app[12]: content` to `content`; unchanged where the tag isn't one word that ends in a colon. */
function dropHostAndTag(line: string, hostStart: number): string {
  const hostEnd = line.indexOf(' ', hostStart);
  // No host's name ends in a colon, but an exception's and a tag's do, where nothing but a time stands before them.
  if (hostEnd <= hostStart || hostEnd > MAX_WRAPPER || line.charCodeAt(hostEnd - 1) === COLON || isLevel(line, hostStart, hostEnd))
    return line;
  for (let index = hostEnd + 1; index < line.length && index < MAX_WRAPPER; index += 1) {
    const code = line.charCodeAt(index);
    if (code === SPACE) return line;
    if (code === COLON && (index + 1 === line.length || line.charCodeAt(index + 1) === SPACE))
      return isTag(line, hostStart, hostEnd, index) ? line.slice(index + 2) : line;
  }
  return line;
}

/**
 * Where nothing but a time stands before the lines of a trace, `Caused by: …`, `Stack trace:` or `TypeError: …` aren't a host and a tag. A tag
 * with a process is one in any case.
 */
function isTag(line: string, hostStart: number, hostEnd: number, colon: number): boolean {
  if (line.charCodeAt(colon - 1) === 0x5d) return true;
  const first = line.charCodeAt(hostEnd + 1);
  const isWord = (first >= 0x61 && first <= 0x7a) || (first >= UPPER_A && first <= 0x5a) || first === 0x5f;
  if (!isWord || colon + 2 >= line.length || line.charCodeAt(colon - 1) === 0x27) return false;
  if (line.startsWith('Error', colon - 5) || line.startsWith('Exception', colon - 9)) return false;
  const slash = line.indexOf('/', hostStart);
  return !line.startsWith('Caused by:', hostStart) && (slash < 0 || slash > hostEnd);
}

/** `2026-01-02T03:04:05Z ERROR Cart: …` is an application's line: a level stands where syslog has the host. */
function isLevel(line: string, start: number, end: number): boolean {
  return LEVELS.has(line.slice(start, end).toUpperCase());
}

const LEVELS = new Set(['TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'WARNING', 'ERROR', 'FATAL', 'CRITICAL', 'SEVERE', '-']);

/** `[   12.345678] `, with the CPU or task some kernels add (`[   12.345678][  T123] `), and `[23-Nov-2026 03:12:58 UTC] `. */
function dropBracketTime(line: string): string {
  const end = line.indexOf(']');
  // A request's identifier isn't a time, though it may begin with a digit; V8's process and isolate aren't either.
  if (end < 5 || end > 40 || isIdentifier(line, end) || line.startsWith(':0x', 2)) return line;
  let digits = 0;
  for (let index = 1; index < end; index += 1) {
    const code = line.charCodeAt(index);
    if (isDigit(code)) digits += 1;
    else if (digits === 0 && code !== SPACE) return line;
  }
  if (digits < 5) return line;
  let next = end + 1;
  if (line.charCodeAt(next) === BRACKET) {
    const caller = line.indexOf(']', next);
    if (caller > 0 && caller - next < 16) next = caller + 1;
  }
  return line.charCodeAt(next) === SPACE ? line.slice(next + 1) : line;
}

/** `[3f2a7c1e-0b7e-4d52-9d68-0b9f4e2f6a11]` */
function isIdentifier(line: string, end: number): boolean {
  return end === 37 && line.charCodeAt(9) === 0x2d && line.charCodeAt(14) === 0x2d && line.charCodeAt(24) === 0x2d;
}

function dockerLog(line: string): string {
  if (!line.startsWith('{"log":"')) return line;
  let end = 8;
  while (end < line.length && line.charCodeAt(end) !== 0x22) end += line.charCodeAt(end) === 0x5c ? 2 : 1;
  try {
    const text: unknown = JSON.parse(line.slice(7, end + 1));
    if (typeof text === 'string') return text.endsWith('\n') ? text.slice(0, -1) : text;
  } catch {
    // Cut or malformed: the line stays what it is.
  }
  return line;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
