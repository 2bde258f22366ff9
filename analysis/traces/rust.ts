// How Rust writes a panic with its backtrace.
// Must never guess at other languages' framesPhase.
import type { Frame } from '../trace.ts';
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { frameOf, MAX_FRAMES, readLocation, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const headPhase = openPhase('head');
const framesPhase = surePhase('frames');
const gapPhase = openPhase('gap');
const causesPhase = surePhase('causes');
const causeGapPhase = openPhase('cause-gap');

/** Joins `thread 'main' panicked at …` with message, `stack backtrace:` and its two-line framesPhase; anyhow's `Caused by:` too. */
export const rustJoining: JoinRules = {
  announce: (line) => (line.startsWith('thread ') && line.includes(' panicked at ') ? headPhase : undefined),
  attach(line, previous) {
    if (line === 'stack backtrace:' || line === 'Stack backtrace:' || isPlace(line)) return framesPhase;
    // What anyhow and eyre print of an error that `main` returned.
    if (line === 'Caused by:') return causesPhase;
    return isEyreHead(previous) && readCall(line) !== undefined ? causesPhase : undefined;
  },
  follow(phase, line) {
    if (line === 'stack backtrace:' || line === 'Stack backtrace:' || line.startsWith('note: ')) return framesPhase;
    if (phase === causesPhase || phase === causeGapPhase) {
      if (isBlank(line)) return causeGapPhase;
      if (line === 'Location:' || line.startsWith('Backtrace omitted. ') || line.startsWith('Run with RUST_')) return causesPhase;
      return isIndented(line) && (phase === causesPhase || isPlace(line) || readCall(line) !== undefined) ? causesPhase : undefined;
    }
    if (phase === headPhase) return line.length > 0 && /^[[{\d]/.test(line) ? undefined : headPhase;
    if (isIndented(line) && (isPlace(line) || readCall(line) !== undefined)) return framesPhase;
    if (isBlank(line)) return gapPhase;
    return undefined;
  },
};

/** eyre prints `Error: ` with the errors numbered below. */
function isEyreHead(line: string): boolean {
  return line.endsWith('Error: ') || line.endsWith('Error:');
}

export const rustReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (line.includes("' panicked at ") || line.includes(') panicked at ')) weight += 5;
      else if (isPlace(line)) weight += 2;
    }
    return weight;
  },
  read(lines) {
    const start = lines.findIndex((line) => line.includes(' panicked at '));
    const list: Frame[] = [];
    let call: string | undefined;
    const message: string[] = [];
    let inStack = false;
    for (const line of lines.slice(start + 1)) {
      if (line.trim().toLowerCase() === 'stack backtrace:') inStack = true;
      else if (isPlace(line)) {
        const place = readLocation(line.trim().slice(3));
        if (call !== undefined && list.length < MAX_FRAMES) list.push(rustFrame(call, place));
        call = undefined;
      } else if (readCall(line) !== undefined) {
        if (call !== undefined && list.length < MAX_FRAMES) list.push(rustFrame(call, undefined));
        call = readCall(line);
        inStack = true;
      } else if (line.startsWith('note: ')) inStack = true;
      else if (!inStack && !line.startsWith('note: ') && message.length < 64) message.push(line);
    }
    if (call !== undefined) list.push(rustFrame(call, undefined));
    if (start < 0 && list.length === 0) return undefined;
    const panicked = lines[start] ?? '';
    const where = panicked.slice(panicked.indexOf(' panicked at ') + 13);
    // Until Rust 1.73 the message stood in quotes before the place: `panicked at 'no price', src/main.rs:4:89`.
    const old = /^'([^]*)', (\S{1,1000})$/.exec(where);
    const text = old === null ? message.join('\n') : (old[1] ?? '');
    if (list.length === 0 && start >= 0) {
      const place = readLocation(old?.[2] ?? where.replace(/:$/, ''));
      list.push(frameOf({ ...place, inApp: place.file !== undefined && isAppFile(place.file) }));
    }
    return traceOf('rust', { type: 'panic', message: text, frames: list });
  },
};

/** `             at ./src/main.rs:4:89`. */
function isPlace(line: string): boolean {
  const start = indentationOf(line);
  return start >= 3 && line.startsWith('at ', start) && /\.rs:\d{1,9}(?::\d{1,9})?$/.test(line);
}

/** `   5: main::price`, `  12: 0x55c26c516223 - main::price::h0123456789abcdef` → the function. */
function readCall(line: string): string | undefined {
  const start = indentationOf(line);
  if (start === 0 || !/^\d/.test(line.charAt(start))) return undefined;
  const found = /^\d{1,6}: +(?:0x[0-9a-f]{1,16} - )?(\S.{0,4000})$/.exec(line.slice(start));
  return found?.[1];
}

function rustFrame(call: string, place: ReturnType<typeof readLocation> | undefined): Frame {
  const name = call.replace(/::h[0-9a-f]{16}$/, '');
  return frameOf({ function: name, ...place, inApp: isApp(name, place?.file) });
}

const RUNTIME: readonly string[] = words(`
    std:: core:: alloc:: __rust rust_begin_unwind _start __libc_start <unknown> test:: tokio:: futures backtrace:: anyhow::
    start_thread clone __scrt rayon hyper:: tower:: actix_ axum:: tracing::
  `);

function isApp(name: string, file: string | undefined): boolean {
  const bare = name.replace(/^<+&?(?:mut )?/, '');
  if (RUNTIME.some((prefix) => bare.startsWith(prefix))) return false;
  if (name.includes('std::rt::lang_start') || name === 'main') return false;
  return file === undefined || isAppFile(file);
}

function isAppFile(file: string): boolean {
  return (
    !file.startsWith('/rustc/') &&
    !file.includes('/.cargo/registry/') &&
    !file.includes('/.cargo/git/') &&
    !file.includes('/rustlib/') &&
    !file.includes('library/std/') &&
    !file.includes('library/core/')
  );
}
