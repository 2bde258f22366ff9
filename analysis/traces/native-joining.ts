// How the C and C++ runtimes write what ended a program: glibc's and V8's backtraces, `terminate called`, Valgrind, a core's stacks.
// Must never take a number or a path for a frame without its address.
import { isBlank, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

/** What died was named; lines of prose may follow before the frames. */
const headPhase = openPhase('head');
const framesPhase = surePhase('frames');
const mapPhase = surePhase('map');
const gapPhase = openPhase('gap');
const terminatePhase = surePhase('terminate');
const valgrindPhase = surePhase('valgrind');

export const nativeJoining: JoinRules = {
  announce(line) {
    if (line.startsWith('terminate called ')) return terminatePhase;
    return isHead(line) ? headPhase : undefined;
  },
  attach(line) {
    if (isValgrindFrame(line)) return valgrindPhase;
    return isBacktraceRule(line) || isAddressed(line) || isNumbered(line) ? framesPhase : undefined;
  },
  follow(phase, line) {
    switch (phase) {
      case terminatePhase:
        return line.startsWith('  what():') ? terminatePhase : undefined;
      case valgrindPhase:
        return isValgrindLine(line) ? valgrindPhase : undefined;
      case mapPhase:
        return MAPPING.test(line) ? mapPhase : undefined;
      default:
        if (isBacktraceRule(line)) return line.includes('Memory map') ? mapPhase : framesPhase;
        if (isAddressed(line) || isNumbered(line) || isCollection(line)) return framesPhase;
        if (line.startsWith('<--- ') || line.startsWith('FATAL ERROR: ')) return headPhase;
        if (isBlank(line)) return gapPhase;
        return phase === headPhase ? headPhase : undefined;
    }
  },
};

function isHead(line: string): boolean {
  const first = line.charCodeAt(0);
  if (first === 0x2a) return LAST_WORDS.some((words) => line.startsWith(words));
  if (first === 0x3c) return line.startsWith('<--- Last few GCs') || line.startsWith('<--- JS stack');
  if (first === 0x46) return line.startsWith('FATAL ERROR: ');
  return line.endsWith(' ;') && (line.includes(' got signal ') || line.includes(' got exception 0x'));
}

/** glibc's last words, and the row of stars of an Android tombstone. */
const LAST_WORDS = [
  '*** Error in `',
  '*** stack smashing detected',
  '*** buffer overflow detected',
  '*** longjmp causes',
  '*** *** *** ***',
];

/** `======= Backtrace: =========`, `======= Memory map: ========` */
function isBacktraceRule(line: string): boolean {
  return line.startsWith('======= Backtrace: ===') || line.startsWith('======= Memory map: ===');
}

/** `/lib/x86_64-linux-gnu/libc.so.6(+0x777f5)[0x7f1a2b3c47f5]`, `./app[0x4005a6]`, with a space before the bracket too. */
function isAddressed(line: string): boolean {
  const first = line.charCodeAt(0);
  if ((first !== 0x2f && first !== 0x2e) || !line.endsWith(']')) return false;
  const open = line.lastIndexOf('[0x');
  return open > 0 && HEX.test(line.slice(open + 3, -1));
}

const HEX = /^[0-9a-f]{3,16}$/;

/** V8's ` 1: 0xb8d0a3 node::OOMErrorHandler(…) [node]`. */
function isNumbered(line: string): boolean {
  return /^ {0,3}\d{1,3}: 0x[0-9a-f]{4,16} /.test(line.slice(0, 32));
}

/** `[1:0x5d1b0c0]    62513 ms: Mark-sweep …` */
function isCollection(line: string): boolean {
  return line.charCodeAt(0) === 0x5b && /^\[\d{1,10}:0x[0-9a-f]{4,16}\] /.test(line.slice(0, 40));
}

/** A line of /proc/PID/maps. */
const MAPPING = /^[0-9a-f]{4,16}-[0-9a-f]{4,16} [r-][w-][x-][ps] /;

/** `==1234==    at 0x10916B: main (main.c:8)` */
function isValgrindFrame(line: string): boolean {
  return isValgrindLine(line) && /^==\d{1,10}==    (?:at|by) 0x/.test(line.slice(0, 32));
}

/** A line that says something: an empty one ends the error. */
function isValgrindLine(line: string): boolean {
  return line.startsWith('==') && /^==\d{1,10}== +\S/.test(line.slice(0, 80));
}
