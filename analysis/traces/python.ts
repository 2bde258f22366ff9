// How Python writes a traceback.
// Must never guess at other languages' frames.
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

const frames = surePhase('frames');
/** The exception line was read; notes and a chained traceback may follow. */
const raised = surePhase('raised');
const gap = openPhase('gap');
const chained = surePhase('chained');
const chainGap = openPhase('chain-gap');

const HEAD = 'Traceback (most recent call last):';

/** Joins tracebacks, chains (`During handling …`, `The above exception …`) and exception groups. */
export const pythonJoining: JoinRules = {
  announce: (line) => (line.includes(HEAD) ? frames : undefined),
  attach: (line) => (isIndented(line) && line.startsWith('File "', indentationOf(line)) ? frames : undefined),
  follow(phase, line) {
    if (isIndented(line) && !isBlank(line)) return phase === gap ? undefined : isGroupEdge(line) ? raised : frames;
    switch (phase) {
      case frames:
        return isExceptionLine(line) ? raised : undefined;
      case raised:
      case gap:
        if (isBlank(line)) return gap;
        if (isChainLine(line)) return chained;
        return phase === raised && isDetail(line) ? raised : undefined;
      case chained:
      case chainGap:
        if (isBlank(line)) return chainGap;
        return line.includes(HEAD) ? frames : undefined;
      default:
        return undefined;
    }
  },
};

/** The rule that closes an exception group: `  +------------------------------------`. */
function isGroupEdge(line: string): boolean {
  return line.endsWith('-----') && line.startsWith('+--', indentationOf(line));
}

function isChainLine(line: string): boolean {
  return line.startsWith('During handling of the above exception') || line.startsWith('The above exception was the direct cause');
}

/** SQLAlchemy and psycopg put these on lines of their own. */
const DETAILS = ['[SQL', '[parameters', '(Background on', 'DETAIL:', 'HINT:', 'LINE ', 'CONTEXT:'];

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
