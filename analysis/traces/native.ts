// Reads the reports of C and C++ programs: AddressSanitizer and its family, glibc, gdb, glog, systemd-coredump, Android.
// Must never decide which functions are the platform's; native-functions does.
import type { Frame } from '../trace.ts';
import { indentationOf } from './join-rules.ts';
import { isNativePlatformModule, isNativeRuntime } from './native-functions.ts';
import { frameOf, readLocation, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

export const nativeReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      // A process that died natively matters more than what its managed code logged before.
      if (readSanitizerHead(line) !== undefined || /^(?:Fatal signal \d|Program received signal)/.test(line)) weight += 20;
      else if (readNativeFrame(line) !== undefined) weight += 2;
    }
    return weight;
  },
  read(lines) {
    const stacks = stacksOf(lines);
    const head = readHead(lines);
    const chosen =
      stacks.find((stack) => stack.at > head.at && stack.frames.some((frame) => frame.inApp)) ??
      stacks.find((stack) => stack.frames.some((frame) => frame.inApp)) ??
      stacks.find((stack) => stack.at > head.at) ??
      stacks[0];
    if (chosen === undefined && head.type === undefined) return undefined;
    return traceOf('native', { type: head.type, message: head.message, frames: chosen?.frames ?? [] });
  },
};

interface Stack {
  /** Line on which its first frame stands. */
  readonly at: number;
  /** Number of the last frame, where frames are numbered. */
  last: number;
  readonly frames: Frame[];
}

/** A report holds several stacks (the access, the allocation, other threads); a frame number that doesn't rise begins another. */
function stacksOf(lines: readonly string[]): Stack[] {
  const stacks: Stack[] = [];
  for (const [at, line] of lines.entries()) {
    const found = readNativeFrame(line);
    if (found === undefined) continue;
    let stack = stacks.at(-1);
    const number = found.number ?? (stack === undefined ? 0 : stack.last + 1);
    // An inlined frame may repeat its caller's number; 0 always begins anew unless the stack has nothing but 0 yet.
    const anew =
      stack === undefined ||
      number < stack.last ||
      (number === 0 && stack.last > 0) ||
      (number === 0 && stack.frames.length > 0 && found.number !== undefined);
    if (anew || stack === undefined) {
      stack = { at, last: number, frames: [] };
      stacks.push(stack);
    }
    stack.last = number;
    stack.frames.push(found.frame);
    if (stacks.length > 64) break;
  }
  return stacks;
}

interface NativeHead {
  /** Line of the head; -1 when there is none. */
  readonly at: number;
  readonly type: string | undefined;
  readonly message: string;
}

function readHead(lines: readonly string[]): NativeHead {
  let weak: NativeHead | undefined;
  for (const [at, line] of lines.entries()) {
    const strong = readSanitizerHead(line);
    // libFuzzer only tells that the program got a signal; what was said before tells why.
    if (strong !== undefined && strong.type.startsWith('libFuzzer')) weak ??= { at, ...strong };
    else if (strong !== undefined) {
      // An abort that a sanitizer reports has its reason before it: a failed check or assertion.
      const isAbort =
        /ABRT|deadly signal|ILL|TRAP|SEGV on unknown address/.test(strong.message) &&
        weak?.type !== undefined &&
        !/SEGV/.test(strong.message);
      return isAbort && weak !== undefined ? { ...weak, at } : { at, ...strong };
    }
    weak ??= readPlainHead(line, at);
  }
  return weak ?? { at: -1, type: undefined, message: '' };
}

/** `==12==ERROR: AddressSanitizer: heap-use-after-free on address …`, `WARNING: ThreadSanitizer: data race (pid=1)`. */
function readSanitizerHead(line: string): { readonly type: string; readonly message: string } | undefined {
  const mark =
    line.indexOf('ERROR: ') >= 0 ? line.indexOf('ERROR: ') + 7 : line.indexOf('WARNING: ') >= 0 ? line.indexOf('WARNING: ') + 9 : -1;
  if (mark < 0) return undefined;
  const found = /^((?:\w{1,20}Sanitizer)|libFuzzer): ?(.{1,2000})$/.exec(line.slice(mark));
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  const kind = /^(?:attempting )?([\w-]{1,60}(?: (?:race|leaks?|overflow|signal|free|lock|unlock|condition|inversion|memory leaks))?)/.exec(
    found[2].replace(/^detected /, ''),
  );
  return { type: `${found[1]}: ${kind?.[1] ?? found[2]}`, message: found[2] };
}

/** The words other mechanisms die with. */
function readPlainHead(line: string, at: number): NativeHead | undefined {
  if (line.length > 4000) return undefined;
  const ubsan = line.indexOf(': runtime error: ');
  if (ubsan > 0) return { at, type: 'runtime error', message: line.slice(ubsan + 17) };
  const check = line.indexOf('Check failed: ');
  if (check >= 0) return { at, type: 'Check failed', message: line.slice(check + 14).trim() };
  const assertion = /: Assertion [`']([^]{1,2000})' failed/.exec(line);
  if (assertion !== null) return { at, type: 'Assertion failed', message: assertion[1] ?? '' };
  const signal =
    /(?:Program received signal|Program terminated with signal|Fatal signal \d{1,2} \(|fatal signal |signal )(SIG[A-Z]{2,8})\b,? ?(.{0,200})/.exec(
      line,
    );
  if (signal !== null) return { at, type: signal[1], message: (signal[2] ?? '').trim() };
  const glibc = /\*\*\* (?:Error in `[^']{0,300}': )?(.{1,300}?)(?: \*\*\*|: (?:0x[0-9a-f]+|terminated)|$)/.exec(line);
  if (glibc !== null && line.startsWith('***')) return { at, type: 'glibc', message: glibc[1] ?? '' };
  if (line.startsWith("terminate called after throwing an instance of '"))
    return { at, type: line.slice(48, line.indexOf("'", 48)), message: '' };
  if (/segfault at [0-9a-f]{1,16} ip /.test(line)) return { at, type: 'segfault', message: line };
  const core = /Process \d{1,10} \((.{1,100})\) of user \d{1,10} dumped core/.exec(line);
  if (core !== null) return { at, type: 'dumped core', message: core[1] ?? '' };
  return undefined;
}

interface NumberedFrame {
  readonly number: number | undefined;
  readonly frame: Frame;
}

/** Reads a line of any native stack. */
function readNativeFrame(line: string): NumberedFrame | undefined {
  const start = indentationOf(line);
  const first = line.charCodeAt(start);
  if (first === 0x23) return readNumbered(line.slice(start, start + 8000).trimEnd());
  if (first === 0x40 && line.startsWith('@ ', start)) {
    const glog = /^@ +0x[0-9a-f]{1,16} +(\S.{0,4000})$/.exec(line.slice(start));
    return glog?.[1] === undefined || glog[1] === '(unknown)' ? undefined : { number: undefined, frame: nativeFrame(glog[1], '') };
  }
  const glibc = /^(\S{1,500})\((\w[^()+]{0,500})?\+0x[0-9a-f]{1,16}\) ?\[0x[0-9a-f]{1,16}\]$/.exec(line.slice(start).trimEnd());
  if (glibc !== null) return { number: undefined, frame: nativeFrame(glibc[2] ?? '', `(${glibc[1] ?? ''})`) };
  return readDebugger(line, start);
}

/** Windows debuggers: `0915b084 6eefc617 0915b098 MSHTML!ForStatementNode::VerifySelf+0x77`. */
function readDebugger(line: string, start: number): NumberedFrame | undefined {
  const found =
    /^(?:[0-9a-f]{2,3} )?[0-9a-f]{8}(?:`[0-9a-f]{8})? (?:[0-9a-f]{8}(?:`[0-9a-f]{8})? ){1,5}(?:: (?:[0-9a-f`]{8,17} ){1,4}: )?([\w.]{1,60})!(\S.{0,4000}?)(?:\+0x[0-9a-f]{1,16})?(?: \[[^\]]{1,500}\])?$/.exec(
      line.slice(start).trimEnd(),
    );
  if (found?.[2] === undefined) return undefined;
  return { number: undefined, frame: nativeFrame(found[2], `(${found[1] ?? ''})`) };
}

/** `#4 0x55c2 in price(Item*, int) /srv/app.c:6:3`, gdb's `#2  0x00cd in price (k=1) at app.c:6`, `#00 pc 0001 /lib/libc.so (tgkill+12)`. */
function readNumbered(text: string): NumberedFrame | undefined {
  const found = /^#(\d{1,6}):?\s{1,8}/.exec(text);
  if (found === null) return undefined;
  const number = Number(found[1]);
  let rest = text.slice(found[0].length);
  const android = /^pc [0-9a-f]{4,16} {1,4}(\S{1,1000})(?: \(([^]{1,2000}?)(?:\+\d{1,12})?\))?/.exec(rest);
  if (android !== null) return { number, frame: nativeFrame(android[2] ?? '', `(${android[1] ?? ''})`) };
  const address = /^(?:0x[0-9a-f]{1,16}|[0-9a-f]{4,16})(?=\s|$)/.exec(rest);
  if (address !== null) {
    rest = rest.slice(address[0].length).trimStart();
    if (rest.startsWith('in ')) rest = rest.slice(3);
  } else if (!/ (?:at|from) \S|\)$/.test(rest) || /^\S+\(\d+\): /.test(rest)) return undefined;
  if (rest.startsWith('(') && !rest.startsWith('(anonymous')) return { number, frame: nativeFrame('', rest) };
  if (/^[/.][^ ]*:\d+(?::\d+)?$/.test(rest)) return { number, frame: nativeFrame('', rest) };
  const end = nameEnd(rest);
  return { number, frame: nativeFrame(rest.slice(0, end), rest.slice(end)) };
}

/** Where the function ends and its place begins: after the argument list, else at the first space outside brackets. */
function nameEnd(text: string): number {
  let angle = 0;
  let paren = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x28) paren += 1;
    else if (code === 0x29) paren = Math.max(0, paren - 1);
    else if (code === 0x3c && !text.startsWith('operator', index - 8) && !text.startsWith('operator<', index - 9)) angle += 1;
    else if (code === 0x3e && angle > 0 && text.charCodeAt(index - 1) !== 0x2d) angle -= 1;
    else if (code === 0x20 && angle === 0 && paren === 0 && isPlace(text, index + 1)) return index;
  }
  return text.length;
}

/** What stands after a function: a path, `(module+0x…)`, gdb's `at` or `from`, or nothing more. */
function isPlace(text: string, index: number): boolean {
  const next = text.charCodeAt(index);
  if (next === 0x2f) return true;
  if (text.startsWith('at ', index) || text.startsWith('from ', index)) return true;
  if (next === 0x28) return /^\((?:\/|\.|<unknown|\S{1,300}\+0x|BuildId|[A-Za-z]:\\|\S{1,200} \+ 0x)/.test(text.slice(index, index + 320));
  const space = text.indexOf(' ', index);
  const word = text.slice(index, space < 0 ? text.length : space);
  return (
    /^[^<>()]{1,500}\.[A-Za-z][\w+]{0,8}(?::\d{1,9}){0,2}$/.test(word) ||
    /^(?:[A-Za-z]:)?[\w.-]*[/\\]\S{1,1000}$/.test(word) ||
    /^\S{1,500}:\d{1,9}(?::\d{1,9})?$/.test(word)
  );
}

function nativeFrame(name: string, placeText: string): Frame {
  const text = placeText
    .trim()
    .replace(/^at /, '')
    .replace(/ \(BuildId: .{1,80}\)$/, '')
    .replace(/ \(discriminator \d{1,9}\)$/, '');
  const moduleText = /^(?:from )?\(?((?:[^()+]|\+(?!\s?0x)){1,1000}?)(?: ?\+ ?0x[0-9a-f]{1,16})?\)?$/.exec(text);
  const isModule = text.startsWith('(') || text.startsWith('from ');
  const location = isModule ? { file: undefined, line: undefined, column: undefined } : readLocation(text);
  const module = isModule ? moduleText?.[1] : undefined;
  const functionName =
    name === '' || name === '??' || name === '<unknown>' || name === '<null>' || name.startsWith('/') ? undefined : bareName(name);
  const inApp =
    functionName !== undefined &&
    !isNativeRuntime(functionName, location.line !== undefined) &&
    !(module !== undefined && isNativePlatformModule(module));
  return frameOf({ ...location, function: functionName, module, inApp: inApp && !isPlatformSource(location.file) });
}

/** Sources of the C library, of compiler runtimes and of system headers. */
function isPlatformSource(file: string | undefined): boolean {
  if (file === undefined) return false;
  return /(?:^|\/)(?:sysdeps|csu|nptl|compiler-rt|libsanitizer|libc\+\+|libcxx|libcxxabi|libstdc\+\+-v3|bionic)\/|\/usr\/include\/c\+\+\/|^\/rustc\/|\/rust(?:lib|-std)\//.test(
    file,
  );
}

/** Templates print what they return before their name. */
const RETURN_TYPE = /^(?:void|bool|char|int|long|short|unsigned|signed|float|double|auto|const|operator) |^\S{1,200} [\w:~]{1,500}</;

/** `void ns::(anonymous namespace)::f<int>(int, char) const` → `void ns::f<int>`. */
function bareName(name: string): string {
  const text = name
    .replaceAll('(anonymous namespace)::', '')
    .replaceAll("`anonymous namespace'::", '')
    .replaceAll('(anonymous class)::', '')
    .replace(/\[clone .{1,60}\]$/, '')
    .replace(/\[abi:\w{1,20}\]/g, '');
  let angle = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x3c && !text.startsWith('operator', index - 8) && !text.startsWith('operator<', index - 9)) angle += 1;
    else if (code === 0x3e && angle > 0 && text.charCodeAt(index - 1) !== 0x2d) angle -= 1;
    else if (code === 0x28 && angle === 0 && index > 0)
      return text.startsWith('operator()', index - 8) ? `${text.slice(0, index)}()` : text.slice(0, index).trimEnd();
  }
  // `malloc _asan_rtl_`, `f <<application>>`: a plain name is one word.
  const word = /^[\w:~$.@]{1,500}(?= )/.exec(text);
  if (word !== null && !text.includes('(') && !RETURN_TYPE.test(text) && !text.includes(' operator')) return word[0];
  return text
    .replace(/\+0x[0-9a-f]{1,16}(?:\/0x[0-9a-f]{1,16})?$/, '')
    .replace(/ const$/, '')
    .trim();
}
