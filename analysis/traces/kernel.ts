// How the Linux kernel writes its reports: oops, BUG, WARNING, KASAN and its family, lockdep, hung tasks, stalls, panics.
// Must never decide which functions are mere helpers; kernel-functions does.
import type { Frame } from '../trace.ts';
import { openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { isKernelHelper, plainKernelName } from './kernel-functions.ts';
import { findKernelReport } from './kernel-reports.ts';
import { frameOf, MAX_FRAMES, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const reportPhase = surePhase('report');
const asidePhase = openPhase('aside');
const endPhase = surePhase('end');

/** Joins a reportPhase from its first line to `---[ end trace`; lines of others in between stay undecided until the reportPhase goes on. */
export const kernelJoining: JoinRules = {
  announce: (line) => (isHead(line) ? reportPhase : undefined),
  attach: (line) => (isTraceLabel(line) || (line.charCodeAt(0) === 0x20 && readKernelFrame(line) !== undefined) ? reportPhase : undefined),
  follow(phase, line) {
    if (phase === endPhase) return undefined;
    if (line.startsWith('---[ end ')) return endPhase;
    return belongs(line) ? reportPhase : asidePhase;
  },
};

/** How the first lines of reports begin; the whole catalogue would cost too much on every line. */
const HEADS: ReadonlyMap<number, readonly string[]> = new Map(
  Object.entries({
    B: ['BUG: '],
    W: ['WARNING: '],
    I: ['INFO: task ', 'INFO: rcu', 'INFO: trying', 'Internal error: '],
    U: ['Unable to handle kernel', 'UBSAN: '],
    K: ['Kernel panic - '],
    O: ['Oops'],
    g: ['general protection fault'],
    k: ['kernel BUG at '],
    u: ['unreferenced object 0x'],
    d: ['divide error: '],
    w: ['watchdog: BUG: '],
    r: ['rcu: INFO: '],
    '-': ['------------[ cut here ]'],
    '=': ['=================================='],
  }).map(([first, heads]) => [first.charCodeAt(0), heads]),
);

function isHead(line: string): boolean {
  if (line.startsWith(' invoked oom-killer: ', line.indexOf(' '))) return true;
  if (HEADS.get(line.charCodeAt(0))?.some((head) => line.startsWith(head)) !== true) return false;
  // Any program warns; the kernel's warnings are known sentences.
  return !line.startsWith('WARNING: ') || findKernelReport(line) !== undefined;
}

/** The rule of `=` that KASAN and lockdep begin and end with. */
function isRule(line: string): boolean {
  return line.length > 40 && line.startsWith('==================================');
}

// prettier-ignore
const VOCABULARY = [
  'CPU:', 'Hardware name:', 'Modules linked in:', 'Code:', 'RIP:', 'RSP:', 'RAX:', 'RDX:', 'RBP:', 'R10:', 'R13:', 'FS:', 'CS:',
  'CR2:', 'DR0:', 'DR3:', 'PKRU:', 'Call Trace:', 'Call trace:', '<TASK>', '</TASK>', '<IRQ>', '</IRQ>', 'Allocated by', 'Freed by',
  'The buggy address', 'Memory state', 'Read of size', 'Write of size', 'Workqueue:', 'Oops:', 'BUG:', 'WARNING:', 'PGD ',
  'Tainted:', 'Stack:', 'task:', 'irq event', 'hardirqs', 'softirqs', 'raw:', 'page:', 'flags:', 'page dumped', 'pc :', 'lr :',
  'sp :', 'pstate:', 'EIP:', 'ESP:', 'EAX:', 'ESI:', 'DS:', 'note:', 'Kernel panic', 'stack backtrace:', 'other info', 'locks held',
  'but task', 'which lock', 'the existing', '-> #', 'Possible unsafe', 'Showing all locks', 'NMI backtrace', 'Sending NMI',
  'Last potentially', 'Second to last', 'Object ', 'Redzone ', 'Bytes b4', 'Padding', 'INFO: ', 'Kernel Offset', 'Rebooting in',
  'Mem-Info:', 'active_anon:', 'Node ', 'Tasks state', '[  pid  ]', 'oom-kill:', 'Out of memory:', 'Memory cgroup out of memory', 'oom_reaper: ',
  'lowmem_reserve', 'Swap cache', 'Free swap', 'Total swap', 'memory: usage', 'swap: usage', 'kmem: usage', 'Memory cgroup stats',
  '#PF: ', 'ORIG_RAX', 'x29:', 'x26:', 'x23:', 'x20:', 'x17:', 'x14:', 'x11:', 'x8 :', 'x5 :', 'x2 :',
];

function belongs(line: string): boolean {
  const text = line.trimStart();
  if (text === '' || isRule(line) || line.startsWith('------') || line.charCodeAt(0) === 0x20 || line.charCodeAt(0) === 0x09) return true;
  return (
    VOCABULARY.some((word) => text.startsWith(word)) ||
    /^\[ {0,10}\d{1,10}\] {1,10}\d|^\d+ locks? held by |^#\d: |^>?[0-9a-f]{16}: /.test(text)
  );
}

function isTraceLabel(line: string): boolean {
  return /^(?:Call Trace:|Call trace:|Backtrace:)/.test(line);
}

export const kernelReader: TraceReader = {
  weigh: (lines) => {
    let frames = 0;
    let heads = 0;
    for (const line of lines) {
      if (readKernelFrame(line) !== undefined) frames += 1;
      else if (isTraceLabel(line)) heads += 2;
      else if (findKernelReport(line) !== undefined) heads += 2;
    }
    // `RIP:` alone, or one line that names a bug, is enough only where no other language speaks.
    return heads === 0 ? 0 : heads + frames * 2;
  },
  read(lines) {
    const at = lines.findIndex((line) => findKernelReport(line) !== undefined);
    const head = at < 0 ? undefined : findKernelReport(lines[at] ?? '');
    const body = lines.slice(Math.max(at, 0));
    const frames = framesOf(stackLines(body, head?.type), head?.function ?? lockPoint(body, head?.type) ?? lastFunction(body, head?.type));
    if (head === undefined && frames.length === 0) return undefined;
    return traceOf('kernel', { type: head?.type, message: head?.message ?? lines[0] ?? '', frames });
  },
};

/** Lock reports show the stacks that made the chain before the one that closed it, which `stack backtrace:` announces. */
function stackLines(lines: readonly string[], type: string | undefined): readonly string[] {
  if (type === undefined || !LOCK_REPORTS.has(type)) return lines;
  const at = lines.findIndex((line) => line.trim() === 'stack backtrace:');
  return at < 0 ? lines : lines.slice(at);
}

/** Where the lock was to be taken or released: `… is trying to acquire lock:`, ` (&mm->mmap_sem){++++}, at: f+0x1/0x2`. */
function lockPoint(lines: readonly string[], type: string | undefined): string | undefined {
  if (type === undefined || !LOCK_REPORTS.has(type)) return undefined;
  const near = lines.slice(0, 40);
  for (const [index, line] of near.entries()) {
    if (line.trimEnd().endsWith(' at:')) return readKernelFrame(near[index + 1] ?? '')?.function;
    const found = /\bat: (?:\[<[0-9a-f]{8,16}>\] )?([A-Za-z_][\w.]{1,200})/.exec(line);
    if (found?.[1] !== undefined) return found[1];
  }
  return undefined;
}

/** What the work queue ran, which its report names on a line of its own: `    last function: cart_work`. */
function lastFunction(lines: readonly string[], type: string | undefined): string | undefined {
  if (type?.startsWith('workqueue leaked') !== true) return undefined;
  for (const line of lines.slice(0, 10)) {
    const found = /\blast function: ([A-Za-z_][\w.]{1,200})/.exec(line);
    if (found?.[1] !== undefined) return found[1];
  }
  return undefined;
}

const LOCK_REPORTS = new Set([
  'possible deadlock',
  'inconsistent lock state',
  'bad unlock balance',
  'lock held when returning to user space',
]);

/** The function that the head or the instruction pointer names, then the first call trace. */
function framesOf(lines: readonly string[], named: string | undefined): Frame[] {
  const frames: Frame[] = [];
  let pointer: Frame | undefined;
  let inTrace = false;
  for (const line of lines) {
    pointer ??= readPointer(line);
    const frame = readKernelFrame(line);
    if (frame === undefined) {
      // Another label after frames begins another stack (allocation, another CPU).
      if (inTrace && /^\s*(?:Allocated by|Freed by|Uninit was|The buggy|---\[ end)/.test(line)) break;
      if (isTraceLabel(line.trim()) && frames.length > 0) {
        // A stack of helpers only is that of a bystander (the thread that runs RCU, a watchdog).
        if (frames.some(({ inApp }) => inApp)) break;
        frames.length = 0;
      }
      if (isTraceLabel(line.trim())) inTrace = true;
      continue;
    }
    if (frames.length < MAX_FRAMES) frames.push(frame);
  }
  const first = named === undefined ? pointer : kernelFrame(named, undefined, undefined, undefined);
  if (first === undefined) return frames;
  // The trace begins with the reporting itself; what stands above the function that the report names is that.
  const at = frames.findIndex((frame) => frame.function === first.function);
  if (at < 0) return [first, ...frames];
  return frames.map((frame, index) => (index < at ? { ...frame, inApp: false } : frame));
}

/** `RIP: 0010:skb_pull+0xd5/0xf0`, `pc : f+0x1/0x2`, `PC is at f+0x1/0x2`, `EIP: f+0x1/0x2`, `IP: [<ffff…>] f+0x1/0x2`, `NIP [c0…] f+0x1/0x2`. */
function readPointer(line: string): Frame | undefined {
  const found =
    /(?:\bRIP: [0-9a-f]{4}:|\bRIP \[|\bE?IP: |\bpc : |\bPC is at |\bNIP \[|\bepc : )(?:\[?<?[0-9a-f]{8,16}>?\]?\s{1,4}){0,2}([A-Za-z_][\w.]{1,200})\+0x/.exec(
      line,
    );
  return found?.[1] === undefined ? undefined : kernelFrame(found[1], undefined, undefined, undefined);
}

/** ` [<80de0078>] (f) from [<80de0574>] (g+0x28/0x2c)`, ` [<ffffffff82d4e304>] f+0x24/0x30 [module] mm/slub.c:12`, ` f+0x24/0x30`, ` f mm/slub.c:12 [inline]`; a frame with `?` is a guess and left out. */
export function readKernelFrame(line: string): Frame | undefined {
  const text = line.trim().replace(/^<\/?(?:IRQ|EOI|NMI|TASK|SOFTIRQ|#\w{2})> {1,4}/, '');
  if (text.length > 1000) return undefined;
  const arm = /^\[<[0-9a-f]{8,16}>\] \(([A-Za-z_][\w.]{0,200})\) from \[<[0-9a-f]{8,16}>\] /.exec(text);
  if (arm?.[1] !== undefined) return kernelFrame(arm[1], undefined, undefined, undefined);
  const inline =
    /^([A-Za-z_][\w.]{0,200}) ([\w./-]{1,300}\.[chS]):(\d{1,9}) \[inline\]$/.exec(text) ??
    /^\[< {1,8}inline {1,8}>\] ([A-Za-z_][\w.]{0,200}) ([\w./-]{1,300}\.[chS]):(\d{1,9})$/.exec(text);
  if (inline?.[1] !== undefined) return kernelFrame(inline[1], inline[2], Number(inline[3]), undefined);
  const found =
    /^(?:\[?<?[0-9a-f]{8,16}>?\]? |\(?\[<[0-9a-f]{8,16}>\] ?\(?){0,2}([A-Za-z_][\w.$]{0,200})\+0x[0-9a-f]{1,8}\/(?:0x)?[0-9a-f]{1,8}\)?(?: \[([\w-]{1,100})(?: [0-9a-f]{1,64})?\])?(?: ([\w./-]{1,300}\.[chS]):(\d{1,9}))?/.exec(
      text,
    );
  if (found?.[1] === undefined) return undefined;
  return kernelFrame(found[1], found[3], found[4] === undefined ? undefined : Number(found[4]), found[2]);
}

function kernelFrame(name: string, file: string | undefined, line: number | undefined, module: string | undefined): Frame {
  const plain = plainKernelName(name);
  return frameOf({ function: plain, file, line, module, inApp: !isKernelHelper(plain) });
}
