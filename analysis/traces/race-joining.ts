// How race detectors write a report between two short rules: Go's and ThreadSanitizer.
// Must never take a rule of another length for theirs.
import { isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

const rulePhase = openPhase('rule');
const bodyPhase = surePhase('body');
const gapPhase = openPhase('gap');
const endPhase = surePhase('end');

export const raceJoining: JoinRules = {
  announce: (line) => (line === RULE ? rulePhase : isHead(line) ? bodyPhase : undefined),
  attach: (line, previous) => (previous === RULE && isHead(line) ? bodyPhase : undefined),
  follow(phase, line) {
    if (phase === endPhase) return undefined;
    if (phase === rulePhase) return isHead(line) ? bodyPhase : undefined;
    if (line === RULE) return endPhase;
    if (isBlank(line)) return gapPhase;
    return isIndented(line) || PARTS.some((part) => line.startsWith(part)) ? bodyPhase : undefined;
  },
};

/** Eighteen characters, in Go's runtime/race and in compiler-rt's tsan_report.cpp. */
const RULE = '==================';

function isHead(line: string): boolean {
  return line === 'WARNING: DATA RACE' || line.startsWith('WARNING: ThreadSanitizer: ') || line.startsWith('FATAL: ThreadSanitizer');
}

const PARTS = ['Read at ', 'Write at ', 'Previous ', 'Goroutine ', 'Atomic ', 'Location is ', 'SUMMARY: ', '[failed to restore the stack]'];
