// Makes the name of a function the same from build to build: without generated parts, arguments, hashes and template instances.
// Must never be used to show a name; frames keep what the runtime wrote.
import type { Frame, TraceLanguage } from './trace.ts';

/**
 * What a frame is called in a fingerprint: its normalised function, or the file's name where the function has none.
 * Undefined for a frame that only carries others: a comprehension, an accessor, the plumbing of async code.
 */
export function normalFrame(language: TraceLanguage, frame: Frame): string | undefined {
  const name = frame.function === undefined ? undefined : normalFunction(language, frame.function);
  if (name !== undefined && PLUMBING.has(name)) return undefined;
  if (name !== undefined && name !== '') return name;
  const file = frame.file?.slice(Math.max(frame.file.lastIndexOf('/'), frame.file.lastIndexOf('\\')) + 1);
  return file === undefined || file === '' ? undefined : withoutHashes(file.replace(/[?#].*$/, ''));
}

/** Compilers' and runtimes' go-betweens; they come and go with versions and build options. */
const PLUMBING = new Set(
  words(`
    <lambda> <genexpr> <listcomp> <dictcomp> <setcomp> <anonymous> <module> <main> {main} Object.<anonymous> anonymous eval
    _callee _callee$ asyncGeneratorStep _next _throw __awaiter fulfilled rejected step tryCatch invokeSuspend access$ run_until_complete
  `),
);

/** Functions by which applications throw: the caller is what went wrong. */
const THROW_HELPERS = new Set(
  words(`
    throw throwerror throwexception throwif raise raiseerror raiseexception fail failwith failure die abort panic must bail invariant assert ensure
    unreachable checknull checknotnull requirenonnull checkargument checkstate onerror handleerror croak confess asserttrue assertfalse
    assertequal assertequals assertnotnull assertthat expectfail
  `),
);

/** True for a function that, by its name, only throws. */
export function isThrowHelper(name: string): boolean {
  const last = name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf(':'), name.lastIndexOf('#'), name.lastIndexOf('>')) + 1);
  return THROW_HELPERS.has(last.replaceAll('_', '').toLowerCase());
}

/** The name without what a compiler generated. */
export function normalFunction(language: TraceLanguage, name: string): string {
  const plain = byLanguage(language, name);
  // The kernel's names hold numbers that mean something: drivers, registers, widths.
  return (language === 'kernel' ? plain : withoutHashes(plain)).slice(0, 300);
}

function byLanguage(language: TraceLanguage, name: string): string {
  switch (language) {
    case 'node':
    case 'browser':
      return name
        .replace(/^(?:async |new |get |set )+/, '')
        .replace(/^(?:Object|Function|Module|module\.exports|exports|Proxy|global|window)\.(?=[\w$])/, '')
        .replace(/\$\d+$/, '');
    case 'python':
      return name.slice(name.lastIndexOf('<locals>.') < 0 ? 0 : name.lastIndexOf('<locals>.') + 9);
    case 'java':
      return javaName(name);
    case 'dotnet':
      return dotnetName(name);
    case 'go':
      return withoutBrackets(name, '[', ']')
        .replace(/(?:\.func\d+|\.gowrap\d+|\.\d+|-fm|-range\d+|\.deferwrap\d+)+$/, '')
        .replace(/^\*?/, '');
    case 'rust':
      return withoutBrackets(name.replace(/::h[0-9a-f]{16}$/, ''), '<', '>')
        .replace(/(?:::\{\{?closure\}?\}|::\{closure#\d+\}|::\{\{impl\}\})+/g, '')
        .replace(/::+/g, '::')
        .replace(/^::/, '');
    case 'ruby':
      return name.replace(/^(?:Object|Kernel)#/, '');
    case 'php':
      return name.replace(/class@anonymous.*?(?=->|::|$)/, 'class@anonymous').replace(/\{closure[^}]*\}/, '{closure}');
    case 'native':
      return withoutBrackets(name, '<', '>')
        .replace(/(?:\.(?:isra|constprop|part|cold|llvm|lto_priv)(?:\.\d+)?)+$/, '')
        .replace(/\$[0-9a-f]{16,}.*$/, '')
        .replace(/::\$_\d+/g, '')
        .replace(/^(?:void|auto|bool|int|char|long|unsigned) /, '');
    case 'elixir':
    case 'erlang':
      return name
        .replace(/^anonymous fn\/\d+ in /, '')
        .replace(/'?-(.{1,200}?\/\d+)-(?:fun|lc)-\d+-'?(?:\/\d+)?/, '$1')
        .replace(/-fun-\d+-/, '');
    case 'kernel':
      return kernelFamily(name);
    case 'perl':
    case 'dart':
    case 'lua':
      return name.replace(/__ANON__(?:\[.*\])?/, '__ANON__').replace(/\.<anonymous closure>/g, '');
    default:
      return name;
  }
}

/** `App.lambda$total$0` → `App.total`, `Cart$total$1.invokeSuspend` → `Cart.total`, `Cart$1.run` → `Cart$.run`. */
function javaName(name: string): string {
  return name
    .replace(/\.lambda\$(\w{1,200}?)\$\d+(?:\$\d+)*$/, '.$1')
    .replace(/\$(\w{1,200}?)\$\d+\.invoke(?:Suspend)?$/, '.$1')
    .replace(/\$\$Lambda.*?(?=\.|$)/, '$$$$Lambda')
    .replace(/\$\d+(?=[.$]|$)/g, '$')
    .replace(/\.access\$\d+$/, '.access$')
    .replace(/\$(?:default|suspendImpl)$/, '');
}

/** `Shop.Program+<Total>c__AnonStorey0.<>m__0` → `Shop.Program.Total`, `Cart+<LoadAsync>d__5.MoveNext` → `Cart.LoadAsync`. */
function dotnetName(name: string): string {
  const made = /^(.{1,300}?)[+.](?:<>c[\w`]{0,40}[+.])?<(\w{1,200})>[\w`|]{1,100}(?:\[.{0,200}\])?(?:\..{1,200})?$/.exec(name);
  const plain = made === null ? name : `${made[1]}.${made[2]}`;
  return withoutBrackets(plain.replace(/\+<>c(?:__DisplayClass[\d_]{1,20})?/g, ''), '[', ']').replace(/`\d+/g, '');
}

/** Variants of one function of the kernel that differ in how it was reached or for how many CPUs. */
function kernelFamily(name: string): string {
  const plain = name.replace(
    /^(?:__(?:arm64|ia32|x64|se|do|riscv|s390x?|powerpc)_(?:compat_)?sys_|SyS_|SYSC_|ksys_|compat_SyS_|C_SYSC_|__sys_|sys_)/,
    'sys_',
  );
  const family = KERNEL_FAMILIES.find(([pattern]) => pattern.test(plain));
  return family?.[1] ?? plain;
}

/** Each is one act: waiting for other CPUs, for an RCU grace period, for queued work. */
const KERNEL_FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(?:smp_call_function|on_each_cpu)/, 'smp_call_function'],
  [/^_{0,2}synchronize_(?:rcu|sched|srcu|net|rcu_tasks)(?:_bh|_expedited|_normal)?$/, 'synchronize_rcu'],
  [/^(?:__)?rtnl_(?:lock|net_lock|lock_killable)/, 'rtnl_lock'],
];

/** Text outside the outermost pairs of brackets; an unclosed bracket hides the rest. */
function withoutBrackets(text: string, open: string, close: string): string {
  if (!text.includes(open)) return text;
  let out = '';
  let depth = 0;
  for (const char of text) {
    if (char === open) depth += 1;
    else if (char === close && depth > 0) depth -= 1;
    else if (depth === 0) out += char;
  }
  return out === '' ? text : out;
}

/** Hexadecimal runs with a digit in them and long numbers vary from build to build: `chunk-4f2a9c1b`, `main88989`. */
function withoutHashes(name: string): string {
  return name
    .replace(/0x[\da-fA-F]{4,16}/g, '#')
    .replace(/(?<![A-Za-z])(?=[a-f]{0,40}\d)[\da-f]{8,40}(?![A-Za-z])/g, '#')
    .replace(/\d{4,20}/g, '#');
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
