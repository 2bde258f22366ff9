// How Python writes a traceback.
// Must never guess at other languages' framesPhase.
import { indentationOf, isBlank, isIndented, openPhase, surePhase, tellsFailure } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import type { Frame, Trace } from '../trace.ts';
import { isExceptionName, readExceptionHead } from './exception-head.ts';
import { chainOf, frameOf, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const framesPhase = surePhase('frames');
/** The exception line was read; notes and a chainedPhase traceback may follow. */
const raisedPhase = surePhase('raised');
const gapPhase = openPhase('gap');
const chainedPhase = surePhase('chained');
const chainGapPhase = openPhase('chain-gap');

/** A fatal error of the interpreter: its threads follow. */
const threadsPhase = surePhase('threads');
const threadGapPhase = openPhase('thread-gap');

const GROUP_HEAD = '+ Exception Group Traceback (most recent call last):';
const GROUP_FRAME = /^ {1,40}(?:\| {1,4}){1,20}File "/;
const HEAD = 'Traceback (most recent call last):';

/** Joins tracebacks, chains (`During handling …`, `The above exception …`) and exception groups. */
export const pythonJoining: JoinRules = {
  announce(line) {
    if (line.endsWith(HEAD)) return framesPhase;
    return line.startsWith('Fatal Python error: ') ? threadsPhase : undefined;
  },
  attach(line, previous) {
    if (isIndented(line)) {
      const start = indentationOf(line);
      if (line.startsWith(GROUP_HEAD, start)) return tellsFailure(previous) ? framesPhase : undefined;
      return line.startsWith('File "', start) || GROUP_FRAME.test(line) ? framesPhase : undefined;
    }
    if (line.startsWith('future: <') || line.startsWith('task: <')) return tellsFailure(previous) ? chainedPhase : undefined;
    // `logging.exception` writes its own line, then the traceback.
    return line === HEAD && tellsFailure(previous) ? framesPhase : undefined;
  },
  follow(phase, line) {
    if (isIndented(line) && !isBlank(line))
      return phase === gapPhase ? undefined : isGroupEdge(line) || (phase === raisedPhase && !isFrame(line)) ? raisedPhase : framesPhase;
    switch (phase) {
      case threadsPhase:
      case threadGapPhase:
        if (isBlank(line)) return threadGapPhase;
        return isThread(line) ? threadsPhase : undefined;
      case framesPhase:
        // faulthandler lists the stacks of all threads, with blank lines between.
        if (isBlank(line)) return threadGapPhase;
        return isExceptionLine(line) ? raisedPhase : undefined;
      case raisedPhase:
      case gapPhase:
        if (isBlank(line)) return gapPhase;
        if (isChainLine(line)) return chainedPhase;
        return isDetail(line) && (phase === raisedPhase || BEHIND_GAP.some((detail) => line.startsWith(detail))) ? raisedPhase : undefined;
      case chainedPhase:
      case chainGapPhase:
        if (isBlank(line)) return chainGapPhase;
        return line.includes(HEAD) ? framesPhase : undefined;
      default:
        return undefined;
    }
  },
};

/** `Current thread 0x00007f8c1a2b3740 (most recent call first):`, and what faulthandler says at its end. */
function isThread(line: string): boolean {
  return line.endsWith(' (most recent call first):') || line.startsWith('Extension modules: ') || line.startsWith('Python runtime state: ');
}

function isFrame(line: string): boolean {
  return line.startsWith('File "', indentationOf(line)) || line.includes('| ');
}

/** The rule that closes an exception group: `  +------------------------------------`. */
function isGroupEdge(line: string): boolean {
  return line.endsWith('-----') && line.startsWith('+--', indentationOf(line));
}

function isChainLine(line: string): boolean {
  return line.startsWith('During handling of the above exception') || line.startsWith('The above exception was the direct cause');
}

/** SQLAlchemy and psycopg put these on lines of their own. */
const DETAILS = ['[SQL', '[parameters', '(Background on', 'DETAIL:', 'HINT:', 'LINE ', 'CONTEXT:'];

/** SQLAlchemy's, behind the blank line that ended the database's message. */
const BEHIND_GAP = ['[SQL', '[parameters', '(Background on'];

function isDetail(line: string): boolean {
  return DETAILS.some((detail) => line.startsWith(detail));
}

/** `KeyError: 'x'`, `shop.errors.PaymentError`: a dotted name, then a colon or the end. */
function isExceptionLine(line: string): boolean {
  let index = 0;
  while (index < line.length && isNameCode(line.charCodeAt(index))) index += 1;
  return index > 0 && !isDigit(line.charCodeAt(0)) && (index === line.length || line.charCodeAt(index) === 0x3a);
}

function isNameCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || isDigit(code) || code === 0x5f || code === 0x2e || code > 0x7f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export const pythonReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (line.includes(HEAD)) weight += 5;
      else if (frameAt(line) !== undefined) weight += 2;
    }
    return weight;
  },
  read(lines) {
    const exceptions: Trace[] = [];
    const members: Trace[] = [];
    let block: Block = emptyBlock();
    for (const raw of lines) {
      const { text, depth } = dropGroupMargin(raw);
      if (text.includes(HEAD)) {
        closeBlock(block, exceptions, members);
        block = { ...emptyBlock(), depth, open: true };
        continue;
      }
      const frame = frameAt(text);
      if (frame !== undefined) {
        if (block.raised) {
          closeBlock(block, exceptions, members);
          block = emptyBlock();
        }
        block.open = true;
        block.indent = indentationOf(text);
        block.frames.push(frame);
        continue;
      }
      readBody(block, text);
    }
    closeBlock(block, exceptions, members);
    // Python prints the first cause first; the last printed is what reached the top.
    const chain = chainOf(exceptions.toReversed());
    if (chain === undefined) return members[0];
    return { ...chain, related: members };
  },
};

interface Block {
  open: boolean;
  /** Whether the exception line was read, after which the block only grows by notes. */
  raised: boolean;
  depth: number;
  indent: number;
  frames: Frame[];
  type: string | undefined;
  message: string[];
}

function emptyBlock(): Block {
  return { open: false, raised: false, depth: 0, indent: 0, frames: [], type: undefined, message: [] };
}

/** Lines of an exception group have a margin: `  | Traceback …`, `    +---------------- 1 ----------------`. */
function dropGroupMargin(line: string): { readonly text: string; readonly depth: number } {
  const start = indentationOf(line);
  if (start > 0 && (line.startsWith('| ', start) || line.startsWith('+ ', start))) return { text: line.slice(start + 2), depth: start };
  if (start > 0 && (line.startsWith('+-', start) || line.length === start + 1)) return { text: '', depth: start };
  return { text: line, depth: 0 };
}

/** A line that is neither head nor frame: a source line, the exception, or more of its message. */
function readBody(block: Block, text: string): void {
  if (!block.open) return;
  const blank = isBlank(text);
  if (block.raised) {
    if (blank || isChainLine(text)) block.open = false;
    else if (block.message.length < 64) block.message.push(text);
    return;
  }
  if (blank) return;
  const last = block.frames.at(-1);
  if (indentationOf(text) > block.indent && last !== undefined) {
    if (last.source === undefined && !isUnderline(text)) block.frames[block.frames.length - 1] = { ...last, source: text.trim() };
    return;
  }
  if (text.trimStart().startsWith('[Previous line repeated')) return;
  const head = readExceptionHead(text);
  if (head === undefined || (!isExceptionLine(text.trim()) && !isExceptionName(head.type))) return;
  block.raised = true;
  block.type = head.type;
  block.message = [head.message];
}

function isUnderline(text: string): boolean {
  return text.replaceAll('^', '').replaceAll('~', '').trim() === '';
}

function closeBlock(block: Block, exceptions: Trace[], members: Trace[]): void {
  if (block.frames.length === 0 && !block.raised) return;
  const trace = traceOf('python', { type: block.type, message: block.message.join('\n'), frames: block.frames.toReversed() });
  // The outermost group is printed first and least deep; its members follow, deeper.
  if (block.depth > 0 && exceptions.length > 0) members.push(trace);
  else exceptions.push(trace);
}

/** `  File "/srv/app.py", line 14, in charge`; a syntax error's frame has no function. */
function frameAt(line: string): Frame | undefined {
  const start = indentationOf(line);
  if (!line.startsWith('File "', start)) return undefined;
  const fileEnd = line.indexOf('", line ', start + 6);
  if (fileEnd < 0) return undefined;
  const file = line.slice(start + 6, fileEnd);
  let end = fileEnd + 8;
  while (isDigit(line.charCodeAt(end))) end += 1;
  const number = Number(line.slice(fileEnd + 8, end));
  const name = line.startsWith(', in ', end) ? line.slice(end + 5).trim() : undefined;
  return frameOf({ function: name, file, line: number, inApp: isApp(file) });
}

/** Installed packages, the standard library and the import machinery are not the application. */
const LIBRARY_MARKS = ['/site-packages/', '/dist-packages/', '\\site-packages\\', '\\Lib\\', '_lib/versions/', '/importlib/'];

function isApp(file: string): boolean {
  if (file.startsWith('<frozen ') || file.startsWith('<__array_function__')) return false;
  if (LIBRARY_MARKS.some((mark) => file.includes(mark))) return false;
  return !/\/(?:lib|lib64|Lib)\/(?:python|pypy)[\d.]*\//.test(file) && !/\/python[\d.]+\/lib\//.test(file);
}
