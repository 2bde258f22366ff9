// How traces go on whose frames begin with `at`: Node, browsers, Java, Kotlin, .NET.
// Must never read a frame; the readers of those languages do.
import { indentationOf, isBlank, isIndented, openPhase, surePhase, tellsFailure } from './join-rules.ts';
import type { JoinPhase, JoinRules } from './join-rules.ts';

/** `/srv/app.js:12` was printed: source line, caret and a blank line precede the message. */
const code = openPhase('code');
const caret = surePhase('caret');
const gap = openPhase('gap');
/** A line that names an exception, or a further line of its message. */
const message = openPhase('message');
/** An exception's own line behind a logger's. */
const named = surePhase('named');
const frames = surePhase('frames');
/** A cause's own line, whose message may have further lines. */
const causeLine = surePhase('cause');
/** Inside the braces of an error's own properties (Node). */
const properties = surePhase('properties');
const closed = surePhase('closed');
const trailer = openPhase('trailer');
const ended = surePhase('ended');

export const atJoining: JoinRules = {
  announce(line) {
    if (isSourcePosition(line)) return code;
    if (line === 'Unhandled Exception:' || line.startsWith('Unhandled exception. ')) return message;
    return namesException(line) ? message : undefined;
  },
  attach(line, previous) {
    const start = indentationOf(line);
    if (start > 0)
      return isAtFrame(line, start) || (line.startsWith('---> ', start) && namesException(previous)) ? afterFrame(line) : undefined;
    if (isCauseLine(line, 0)) return causeLine;
    // Loggers write their own line, then the exception's: Java's always, Node's where a stack is appended.
    const name = nameAtStart(line);
    if (name === undefined || !tellsFailure(previous)) return undefined;
    // A bare name is no proof by itself: programs without a logger print `Error: …` line by line.
    return name === 'qualified' || (name === 'bare' && looksLikeRecord(previous)) ? named : undefined;
  },
  follow(phase, line) {
    switch (phase) {
      case code:
        if (isCaret(line)) return caret;
        return afterMessageLine(line) ?? code;
      case caret:
      case gap:
        return isBlank(line) ? gap : (afterMessageLine(line) ?? (namesException(line) ? named : message));
      case message:
      case named:
        return afterMessageLine(line) ?? (looksLikeRecord(line) ? undefined : message);
      case frames:
        return afterFrames(line);
      case causeLine:
        return afterFrames(line) ?? (looksLikeRecord(line) ? undefined : message);
      case properties:
        if (isIndented(line)) return properties;
        return closesBraces(line) ? closed : undefined;
      case closed:
      case trailer:
        return afterClosed(line);
      default:
        return undefined;
    }
  },
};

function afterMessageLine(line: string): JoinPhase | undefined {
  const start = indentationOf(line);
  if (start > 0 && isAtFrame(line, start)) return afterFrame(line);
  if (isCauseLine(line, start)) return causeLine;
  return line.startsWith('Node.js v') ? ended : undefined;
}

function afterFrames(line: string): JoinPhase | undefined {
  const start = indentationOf(line);
  if (start === line.length) return trailer;
  if (start > 0) {
    if (isAtFrame(line, start)) return afterFrame(line);
    if (line.startsWith('... ', start) || line.startsWith('--- ', start) || line.startsWith('[CIRCULAR', start)) return frames;
  }
  if (isCauseLine(line, start)) return causeLine;
  if (line.startsWith('[ERROR] FATAL UNHANDLED EXCEPTION: ')) return message;
  if (SQL_EXTRAS.some((extra) => line.startsWith(extra))) return frames;
  return afterClosed(line);
}

/** What SqlException adds behind its frames. */
const SQL_EXTRAS = ['ClientConnectionId:', 'Error Number:', 'Routing Destination:', 'HResult='];

function afterClosed(line: string): JoinPhase | undefined {
  if (isBlank(line)) return trailer;
  if (line.startsWith('Node.js v')) return ended;
  return closesBraces(line) ? closed : undefined;
}

function afterFrame(line: string): JoinPhase {
  return line.endsWith('{') ? properties : frames;
}

function isAtFrame(line: string, start: number): boolean {
  return line.startsWith('at ', start);
}

const CAUSES = ['Caused by: ', 'Suppressed: ', '---> ', '[cause]: ', 'Caused by ', 'From previous event:', 'Wrapped by: '];

function isCauseLine(line: string, start: number): boolean {
  const first = line.charCodeAt(start);
  // C, S, -, [, F, W: the first characters of CAUSES.
  if (first !== 0x43 && first !== 0x53 && first !== 0x2d && first !== 0x5b && first !== 0x46 && first !== 0x57) return false;
  return CAUSES.some((cause) => line.startsWith(cause, start));
}

function closesBraces(line: string): boolean {
  return line === '}' || line === ']' || line === '},' || line === '} {';
}

function isCaret(line: string): boolean {
  const start = indentationOf(line);
  if (line.charCodeAt(start) !== 0x5e) return false;
  for (let index = start; index < line.length; index += 1) {
    const char = line.charCodeAt(index);
    if (char !== 0x5e && char !== 0x20) return false;
  }
  return true;
}

/** `/srv/app.js:12`, `file:///srv/app.mjs:12`, `node:internal/fs:12`, `C:\app.js:12`, and nothing else on the line. */
function isSourcePosition(line: string): boolean {
  const first = line.charCodeAt(0);
  const isPath = first === 0x2f || line.startsWith('file:///') || line.startsWith('node:') || line.startsWith(':\\', 1);
  if (!isPath || line.length > 1024) return false;
  let index = line.length - 1;
  while (index > 0 && line.charCodeAt(index) >= 0x30 && line.charCodeAt(index) <= 0x39) index -= 1;
  // The address of a peer is no place: `/10.0.0.3:58652`.
  return (
    index < line.length - 1 &&
    line.charCodeAt(index) === 0x3a &&
    !line.includes(' ') &&
    /[A-Za-z]/.test(line.slice(line.lastIndexOf('/', index), index))
  );
}

/** `…Error: text`, `…Exception: text` or either at the line's end: what a runtime prints, not the word `error` in prose. */
function namesException(line: string): boolean {
  return endsName(line, 'Exception') || endsName(line, 'Error');
}

/** `com.cart.CartException: …` is a qualified name, `TypeError: …` a bare one, from the line's first character on. */
function nameAtStart(line: string): 'qualified' | 'bare' | undefined {
  let end = 0;
  let dots = 0;
  for (; end < line.length && end < 256; end += 1) {
    const char = line.charCodeAt(end);
    if (char === 0x2e) dots += 1;
    else if (
      !(
        (char >= 0x61 && char <= 0x7a) ||
        (char >= 0x41 && char <= 0x5a) ||
        (char >= 0x30 && char <= 0x39) ||
        char === 0x24 ||
        char === 0x5f
      )
    )
      break;
  }
  const isEnd = end === line.length || line.startsWith(': ', end) || line.startsWith(' (', end);
  if (!isEnd || !(line.startsWith('Exception', end - 9) || line.startsWith('Error', end - 5))) return undefined;
  return dots > 0 ? 'qualified' : 'bare';
}

function endsName(line: string, word: string): boolean {
  for (let found = line.indexOf(word); found >= 0; found = line.indexOf(word, found + 1)) {
    const after = found + word.length;
    if (after === line.length || (line.charCodeAt(after) === 0x3a && line.charCodeAt(after + 1) === 0x20)) return true;
    // .NET: `SqlException (0x80131904): …`
    if (word === 'Exception' && line.startsWith(' (', after) && line.indexOf('): ', after) > 0) return true;
  }
  return false;
}

/** A line with a time or a level at its start is a record of its own, not a further line of a message. */
function looksLikeRecord(line: string): boolean {
  const first = line.charCodeAt(0);
  if ((first >= 0x30 && first <= 0x39) || first === 0x7b || first === 0x3c) return true;
  // Hibernate's and others' messages go on with a statement in brackets; a header's close on the same line.
  if (first === 0x5b) return line.lastIndexOf('] ', 60) > 0 || line.endsWith(']');
  return LEVELS.some((level) => line.startsWith(level));
}

const LEVELS = ['INFO', 'WARN', 'ERROR', 'DEBUG', 'TRACE', 'FATAL', 'info', 'warn', 'error', 'debug', 'time=', 'level=', 'ts='];
