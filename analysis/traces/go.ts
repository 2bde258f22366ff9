// How Go writes a panic, a fatal error and its goroutines.
// Must never guess at other languages' framesPhase.
import { indentationOf, isBlank, isIndented, openPhase, surePhase, tellsFailure } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import type { Frame } from '../trace.ts';
import { frameOf, MAX_FRAMES, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

/** `panic: …` was read; the signalPhase, further panics and the first goroutine follow, perhaps after more lines of message. */
const headPhase = openPhase('head');
const signalPhase = surePhase('signal');
const framesPhase = surePhase('frames');
const gapPhase = openPhase('gap');
/** A function's name alone was read; its position has to follow. */
const namePhase = openPhase('name');
const endedPhase = surePhase('ended');

/** Joins a panic with all its goroutines, blank lines between them included. */
export const goJoining: JoinRules = {
  announce: (line) => (isHead(line) || line.endsWith(' panic recovered:') ? headPhase : undefined),
  attach(line, previous) {
    if (isGoroutine(line) || isPosition(line) || isGinPosition(line)) return framesPhase;
    // Loggers print the stack of an error as bare names with positions, below their own line.
    return isBareName(line) && tellsFailure(previous) ? namePhase : undefined;
  },
  follow(phase, line) {
    if (phase === namePhase) return isPosition(line) ? framesPhase : undefined;
    if (isGoroutine(line) || line.startsWith('runtime stack:') || isGinPosition(line)) return framesPhase;
    switch (phase) {
      case headPhase:
      case signalPhase:
        if (line.startsWith('[signal ') || line.startsWith('\tpanic: ') || line.startsWith('panic: ')) return signalPhase;
        return phase === signalPhase && !isBlank(line) && !isIndented(line) ? undefined : headPhase;
      case framesPhase:
      case gapPhase:
        if (isBlank(line)) return gapPhase;
        if (isIndented(line) || isCall(line) || line.startsWith('created by ') || isBarePosition(line)) return framesPhase;
        if (isRegister(line) || line.startsWith('...')) return framesPhase;
        if (phase === framesPhase && isBareName(line)) return namePhase;
        return line.startsWith('exit status ') ? endedPhase : undefined;
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
  return line.includes('panic') && (line.includes(' panic: ') || line.includes(' panic serving '));
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

/** A position whose tab was lost on the way. */
function isBarePosition(line: string): boolean {
  return line.charCodeAt(0) === 0x2f && /\.(?:go|s):\d{1,9}(?: \+0x[0-9a-f]{1,16})?$/.test(line.slice(-64));
}

/** Gin's `/srv/shop/main.go:21 (0x7b8e84)`, with the function and its source on the next line. */
function isGinPosition(line: string): boolean {
  return line.charCodeAt(0) === 0x2f && line.endsWith(')') && /\.(?:go|s):\d{1,9} \(0x[0-9a-f]{1,16}\)$/.test(line.slice(-64));
}

/** `main.(*Store).Get(0xc000, {0x1, 0x2})`. */
function isCall(line: string): boolean {
  const open = line.indexOf('(');
  return open > 0 && line.endsWith(')') && !line.slice(0, open).includes(' ');
}

/** `github.com/acme/shop/cart.(*Store).Load`: a frame's function as loggers and wrapped errors print it, without arguments. */
function isBareName(line: string): boolean {
  return line.length < 1024 && /^[A-Za-z_][^\s:;,=<>"'|\\]{2,}$/.test(line) && /.\.[\w(]/.test(line);
}

/** `rax    0x0`: the registers that a fatal signal prints. */
function isRegister(line: string): boolean {
  const space = line.indexOf(' ');
  return space > 0 && space <= 6 && line.trimEnd().startsWith('0x', indentationOf(line.slice(space)) + space);
}

export const goReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (isGoroutine(line)) weight += 5;
      else if (positionAt(line) !== undefined) weight += 2;
    }
    return weight;
  },
  read(lines) {
    const frames: Frame[] = [];
    const head: string[] = [];
    let call: string | undefined;
    let inStack = false;
    let ofGoroutine = false;
    for (const [index, line] of lines.entries()) {
      if (isGoroutine(line) || line.startsWith('runtime stack:')) {
        // The first goroutine is the one that failed. The runtime's own stack stands before it and says little.
        if (frames.some((frame) => frame.inApp)) break;
        inStack = true;
        ofGoroutine = true;
        call = undefined;
        continue;
      }
      const position = positionAt(line);
      if (position !== undefined) {
        const above = lines[index - 1]?.trim() ?? '';
        if (call === undefined && isBareName(above)) {
          call = above;
          if (!inStack && head.at(-1)?.trim() === above) head.pop();
        }
        if (call !== undefined && frames.length < 4 * MAX_FRAMES) frames.push(goFrame(call, position));
        call = undefined;
        inStack = true;
      } else if (isCall(line.trim()) || line.trim().startsWith('created by ')) call = line.trim();
      else if (isBlank(line)) {
        if (inStack && frames.some((frame) => frame.inApp)) break;
      } else if (!inStack) {
        if (head.length < 64) head.push(line);
        // What wraps an error prints its own message and stack below the first.
      } else if (!ofGoroutine && !isBareName(line.trim()) && frames.some((frame) => frame.inApp)) break;
    }
    const { type, message } = readGoHead(head);
    if (frames.length === 0 && type === undefined) return undefined;
    const isLogged = type === undefined && !ofGoroutine;
    // Above the last `panic` frame stand the runtime and the deferred functions that saw the panic go by.
    const raise = frames.findLastIndex((frame) => frame.function === 'panic' || frame.function === 'runtime.gopanic');
    // Unless a deferred function panicked anew: then it is what failed.
    const anew = head.filter((line) => line.includes('panic: ')).length > 1 || head.some((line) => line.includes('[recovered'));
    return traceOf('go', {
      type: isLogged ? undefined : (type ?? 'panic'),
      message,
      frames: raise >= 0 && !anew ? markAbove(frames, raise) : frames,
    });
  },
};

function markAbove(frames: readonly Frame[], raise: number): Frame[] {
  return frames.map((frame, index) => (index <= raise ? { ...frame, inApp: false } : frame));
}

/** `panic: runtime error: index out of range [5] with length 3` → type `runtime error: index out of range`. */
function readGoHead(head: readonly string[]): { readonly type: string | undefined; readonly message: string } {
  // Of chained panics (`panic: a [recovered]`, `panic: b`) the last is the one that ended the program.
  const index = head.findLastIndex(
    (line) => line.includes('panic: ') || line.includes('fatal error: ') || line.includes(' panic serving '),
  );
  const line = head[index];
  if (line === undefined) {
    // Whoever read the header of the record may have taken `panic: ` for its level.
    const runtime = head.find((text) => text.startsWith('runtime error: '));
    if (runtime !== undefined) return { type: panicType(runtime), message: runtime };
    return { type: undefined, message: head.findLast((text) => !isBlank(text) && !text.startsWith('[signal ')) ?? '' };
  }
  const rest = head.slice(index + 1).filter((text) => !text.startsWith('[signal '));
  const serving = line.indexOf(' panic serving ');
  const text = serving >= 0 ? afterAddress(line, serving + 15) : undefined;
  const fatal = line.indexOf('fatal error: ');
  const panic = line.indexOf('panic: ');
  if (text === undefined && fatal >= 0 && panic < 0) return { type: 'fatal error', message: [line.slice(fatal + 13), ...rest].join('\n') };
  const message = text ?? line.slice(panic + 7);
  return { type: panicType(message), message: [message, ...rest].join('\n') };
}

/** What follows `[::1]:54143: ` in net/http's report. */
function afterAddress(line: string, from: number): string {
  const end = line.indexOf(': ', from);
  return end < 0 ? line.slice(from) : line.slice(end + 2);
}

function panicType(message: string): string {
  if (message.startsWith('runtime error: ')) {
    // Numbers and types that follow vary from one panic to the next.
    const cut = message.search(/ \[|: |\n/g);
    const second = cut === 13 ? message.slice(15).search(/ \[|: |\n/g) : cut;
    const end = cut === 13 ? (second < 0 ? message.length : 15 + second) : cut < 0 ? message.length : cut;
    return message.slice(0, end);
  }
  // A value that is no error prints with its type: `panic: (*main.Fault) 0xc000…`, `panic: main.Code(7)`.
  const boxed = /^\((\*?[\w./]{1,200})\) /.exec(message)?.[1] ?? /^([\w/]{1,100}\.[A-Z]\w{0,100})[({]/.exec(message)?.[1];
  return boxed ?? 'panic';
}

interface GoPosition {
  readonly file: string;
  readonly line: number;
}

/** `\t/srv/shop/main.go:7 +0x31`; an indenting logger may have changed the tab into spaces. */
function positionAt(line: string): GoPosition | undefined {
  if (!isIndented(line)) return undefined;
  const found = /^\s+(\S.{0,1000}?\.(?:go|s|c|cgo1\.go)|<autogenerated>|_cgo_gotypes\.go|\?\?):(\d{1,9})(?: |$)/.exec(line);
  return found?.[1] === undefined ? undefined : { file: found[1], line: Number(found[2]) };
}

function goFrame(call: string, position: GoPosition): Frame {
  const name = functionOf(call);
  return frameOf({ function: name, file: position.file, line: position.line, module: packageOf(name), inApp: isApp(name, position.file) });
}

/** `main.(*Store).Get(0xc000…)` → `main.(*Store).Get`; `created by main.main in goroutine 1` → `main.main`. */
function functionOf(call: string): string {
  if (call.startsWith('created by ')) {
    const end = call.indexOf(' in goroutine ');
    return end < 0 ? call.slice(11) : call.slice(11, end);
  }
  const receiver = call.indexOf('.(');
  const open = call.indexOf('(', receiver >= 0 && receiver < call.indexOf('(') ? receiver + 2 : 0);
  return open > 0 ? call.slice(0, open) : call;
}

/** `github.com/acme/shop/store.(*Store).Get` → `github.com/acme/shop/store`. */
function packageOf(name: string): string {
  const slash = name.lastIndexOf('/');
  const dot = name.indexOf('.', slash + 1);
  return dot < 0 ? name : name.slice(0, dot);
}

/** First parts of the standard library's import paths (`go list std`). */
const STANDARD = new Set(
  words(`
    archive arena bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag
    fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort
    strconv strings structs sync syscall testing text time unicode unique unsafe weak
  `),
);

function isApp(name: string, file: string): boolean {
  if (name === 'panic' || name.startsWith('runtime.') || name.startsWith('_cgoexp_') || name.startsWith('runtime/')) return false;
  if (file === '<autogenerated>' || file === '_cgo_gotypes.go' || file === '??') return false;
  if (file.includes('/pkg/mod/') || file.includes('/vendor/') || file.includes('@v')) return false;
  const path = packageOf(name);
  if (path === 'main' || path.startsWith('main')) return true;
  // A package of the standard library lies where GOROOT's sources lie: `…/src/net/http/server.go`.
  return !(STANDARD.has(path.split('/', 1)[0] ?? '') && isStandardFile(file, path)) && !file.includes('/go/src/runtime/');
}

/** GOROOT's sources, wherever it lies; builds with -trimpath name them by package alone. */
function isStandardFile(file: string, path: string): boolean {
  return file.includes(`src/${path}/`) || file.includes('src/runtime/') || file.startsWith(`${path}/`) || file.startsWith('runtime/');
}
