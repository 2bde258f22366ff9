// How Go writes a panic, a fatal error and its goroutines.
// Must never guess at other languages' frames.
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

/** `panic: …` was read; the signal, further panics and the first goroutine follow, perhaps after more lines of message. */
const head = openPhase('head');
const signal = surePhase('signal');
const frames = surePhase('frames');
const gap = openPhase('gap');
const ended = surePhase('ended');

/** Joins a panic with all its goroutines, blank lines between them included. */
export const goJoining: JoinRules = {
  announce: (line) => (isHead(line) ? head : undefined),
  attach: (line) => (isGoroutine(line) || isPosition(line) ? frames : undefined),
  follow(phase, line) {
    if (isGoroutine(line) || line.startsWith('runtime stack:')) return frames;
    switch (phase) {
      case head:
      case signal:
        if (line.startsWith('[signal ') || line.startsWith('\tpanic: ') || line.startsWith('panic: ')) return signal;
        return phase === signal && !isBlank(line) && !isIndented(line) ? undefined : head;
      case frames:
      case gap:
        if (isBlank(line)) return gap;
        if (isIndented(line) || isCall(line) || line.startsWith('created by ')) return frames;
        if (isRegister(line) || line.startsWith('...')) return frames;
        return line.startsWith('exit status ') ? ended : undefined;
      default:
        return undefined;
    }
  },
};

const HEADS = ['panic: ', 'fatal error: ', 'runtime: ', 'SIGQUIT: quit', 'SIGABRT: abort', 'unexpected fault address'];

function isHead(line: string): boolean {
  const first = line.charCodeAt(0);
  // p, f, r, S, u: the first characters of HEADS.
  if (first === 0x70 || first === 0x66 || first === 0x72 || first === 0x53 || first === 0x75) {
    if (HEADS.some((text) => line.startsWith(text))) return true;
  }
  return line.includes(' panic: ');
}

/** `goroutine 12 [running]:`, with waiting times and `locked to thread`. */
function isGoroutine(line: string): boolean {
  return line.startsWith('goroutine ') && line.endsWith(']:');
}

/** `\t/srv/shop/main.go:7 +0x31`. */
function isPosition(line: string): boolean {
  if (line.charCodeAt(0) !== 0x09) return false;
  const extension = line.indexOf('.go:', indentationOf(line));
  const digit = extension < 0 ? 0 : line.charCodeAt(extension + 4);
  return digit >= 0x30 && digit <= 0x39;
}

/** `main.(*Store).Get(0xc000, {0x1, 0x2})`. */
function isCall(line: string): boolean {
  const open = line.indexOf('(');
  return open > 0 && line.endsWith(')') && !line.slice(0, open).includes(' ');
}

/** `rax    0x0`: the registers that a fatal signal prints. */
function isRegister(line: string): boolean {
  const space = line.indexOf(' ');
  return space > 0 && space <= 6 && line.trimEnd().startsWith('0x', indentationOf(line.slice(space)) + space);
}
