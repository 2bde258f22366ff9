// How reports go on whose frames are numbered: sanitizers, gdb, coredumps, Dart; and Lua's indented traceback.
// Must never read a frame; the readers of those languages do.
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

const blockPhase = surePhase('block');
const gapPhase = openPhase('gap');
/** Dart's `Unhandled exception:`; the exception's own lines look like any other. */
const headPhase = openPhase('head');
const luaPhase = surePhase('lua');
const endPhase = surePhase('end');

export const numberedJoining: JoinRules = {
  announce(line) {
    if (isSanitizerRule(line) || isSanitizerHead(line)) return blockPhase;
    return line === 'Unhandled exception:' || (line.startsWith('Process ') && line.endsWith(' dumped core.')) ? headPhase : undefined;
  },
  attach(line) {
    if (line === 'stack traceback:') return luaPhase;
    return isNumbered(line) ? blockPhase : undefined;
  },
  follow(phase, line) {
    if (phase === luaPhase) return isIndented(line) || line.startsWith('coroutine ') ? luaPhase : undefined;
    if (phase === endPhase) return isSanitizerRule(line) ? undefined : continuesBlock(line);
    if (phase === headPhase) return isNumbered(line) ? blockPhase : headPhase;
    if (isBlank(line)) return gapPhase;
    if (line.startsWith('==') && line.endsWith('==ABORTING')) return endPhase;
    return continuesBlock(line);
  },
};

function continuesBlock(line: string): typeof blockPhase | undefined {
  if (isNumbered(line) || isIndented(line) || isSanitizerHead(line)) return blockPhase;
  return PARTS.some((part) => line.startsWith(part)) || isProcessNote(line) ? blockPhase : undefined;
}

/** What the parts of a sanitizer's report begin with, and gdb's between its frames. */
// prettier-ignore
const PARTS = [
  'READ of size', 'WRITE of size', 'ACCESS of size', 'SCARINESS', 'SUMMARY: ', 'Shadow byte', '=>0x', '0x', 'allocated by',
  'freed by', 'previously ', 'HINT: ', 'NOTE: ', 'Thread T', 'Address 0x', 'Direct leak', 'Indirect leak', 'Uninitialized value',
  'Memory tags', 'Register values', 'Cause: ', 'Hint: ', 'UndefinedBehaviorSanitizer', 'AddressSanitizer', 'MemorySanitizer',
  'LeakSanitizer', 'ThreadSanitizer', 'Exiting', 'Stack trace of thread', 'ELF object binary', 'Module ', '<asynchronous suspension>', 'Thread ', 'warning: ', 'Aborted', '[New Thread', '[Thread ',
];

/** `#0 0x55c2 in f`, `    #12 …`: a number behind a hash, then white space. */
function isNumbered(line: string): boolean {
  const start = indentationOf(line);
  if (line.charCodeAt(start) !== 0x23 || start > 12) return false;
  let index = start + 1;
  while (line.charCodeAt(index) >= 0x30 && line.charCodeAt(index) <= 0x39) index += 1;
  if (index === start + 1 || index > start + 7 || !isIndented(line.slice(index, index + 1))) return false;
  // At the margin a number alone is no frame: builds number their steps like this (`#5 [2/7] RUN make`).
  return start > 0 || isIndented(line.slice(index + 1, index + 2)) || line.startsWith('0x', index + 1);
}

function isSanitizerRule(line: string): boolean {
  return line.startsWith('=================================================================') && line.length < 72;
}

/** `==123==ERROR: AddressSanitizer: …`, `WARNING: ThreadSanitizer: …`. */
function isSanitizerHead(line: string): boolean {
  const first = line.charCodeAt(0);
  return (first === 0x3d || first === 0x57 || first === 0x45) && line.includes('Sanitizer: ');
}

/** `==123==The signal is caused by a READ memory access.` */
function isProcessNote(line: string): boolean {
  return line.startsWith('==') && line.indexOf('==', 2) > 2 && line.indexOf('==', 2) < 14;
}
