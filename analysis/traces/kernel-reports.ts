// The kinds of report the kernel writes, by the sentence that announces each.
// Must never look at more than one line.

/** What a line announces. */
export interface KernelReport {
  /** The kind, without what varies: `KASAN: use-after-free`, `possible deadlock`, `general protection fault`. */
  readonly type: string;
  readonly message: string;
  /** Where the sentence itself names a function. */
  readonly function: string | undefined;
}

interface ReportKind {
  /** Found anywhere in the line, it makes the pattern worth trying. */
  readonly mark: string;
  /** Group `type` or `as`; group `function` where the sentence names one. */
  readonly pattern: RegExp;
  /** The type, where the sentence doesn't hold it. */
  readonly as?: string;
}

const FUNCTION = String.raw`(?<function>[A-Za-z_][\w.]{0,200})`;

/** Sentences of lib/, mm/, kernel/ and arch/ of Linux; more telling ones first. */
const KINDS: readonly ReportKind[] = [
  { mark: 'BUG: K', pattern: new RegExp(String.raw`BUG: (?<type>K(?:ASAN|MSAN|CSAN|FENCE): [\w -]{1,60}?)(?: in ${FUNCTION}(?:\+0x|$|\s|/)|$)`) },
  { mark: 'UBSAN: ', pattern: /(?<type>UBSAN): (?:Undefined behaviour|[\w-]{1,60}) in / },
  { mark: 'ODEBUG: ', pattern: /(?<type>ODEBUG): (?:free active|activate|init|assert_init|deactivate)/ },
  { mark: 'refcount_t: ', pattern: /(?<type>refcount_t): (?!\S{0,40}$)/ },
  { mark: 'kobject', pattern: /(?<type>kobject): '|kobject_add_internal failed/, as: 'kobject' },
  { mark: 'unreferenced object', pattern: /unreferenced object 0x/, as: 'memory leak' },
  { mark: 'possible ', pattern: /possible (?:circular locking dependency|recursive locking|irq lock inversion dependency|deadlock)|-safe -> \S{1,40}-unsafe lock order/, as: 'possible deadlock' },
  { mark: 'lock order detected', pattern: /unsafe lock order detected/, as: 'possible deadlock' },
  { mark: 'inconsistent lock state', pattern: /(?<type>inconsistent lock state)/ },
  { mark: 'suspicious RCU usage', pattern: /(?<type>suspicious RCU usage)/i },
  { mark: 'bad unlock balance', pattern: /(?<type>bad unlock balance) detected/ },
  { mark: 'held lock freed', pattern: /(?<type>held lock freed)/ },
  { mark: 'still has locks held', pattern: /(?<type>still has locks held)/ },
  { mark: 'lock held when returning', pattern: /(?<type>lock held when returning to user space)/ },
  { mark: 'lock held at task exit', pattern: /(?<type>lock held at task exit)/ },
  { mark: 'Invalid wait context', pattern: /(?<type>Invalid wait context)/ },
  { mark: 'soft lockup', pattern: /soft lockup/, as: 'soft lockup' },
  { mark: 'hard LOCKUP', pattern: /hard LOCKUP/, as: 'hard lockup' },
  { mark: 'stall', pattern: /rcu\S{0,40} (?:\S{1,40} )?(?:self-)?detected (?:expedited )?stalls?|detected stalls? on CPU|self-detected stall/, as: 'rcu stall' },
  { mark: 'blocked for more than', pattern: /INFO: task \S{1,100} blocked for more than|blocked for more than \d{1,9} seconds/, as: 'hung task' },
  { mark: 'can\'t die for more than', pattern: /can't die for more than/, as: 'hung task' },
  { mark: 'BUG: unable to handle', pattern: /BUG: (?<type>unable to handle (?:kernel )?(?:NULL pointer dereference|paging request|page fault))/ },
  { mark: 'BUG: kernel NULL pointer', pattern: /BUG: (?<type>kernel NULL pointer dereference)/ },
  { mark: 'Unable to handle kernel', pattern: /(?<type>Unable to handle kernel (?:NULL pointer dereference|paging request|read|write|access)[\w ]{0,60}?)(?: at |$)/ },
  { mark: 'general protection fault', pattern: /(?<type>general protection fault)/ },
  { mark: 'divide error', pattern: /(?<type>divide error)/ },
  { mark: 'stack segment', pattern: /(?<type>stack segment)(?: fault)?: / },
  { mark: 'double fault', pattern: /(?<type>double fault)/ },
  { mark: 'kernel BUG at', pattern: /(?<type>kernel BUG) at / },
  { mark: 'Bad mode in', pattern: /(?<type>Bad mode) in / },
  { mark: 'nhandled fault', pattern: /(?<type>[Uu]nhandled fault): / },
  { mark: 'Internal error', pattern: /(?<type>Internal error): / },
  { mark: 'Unhandled kernel', pattern: /(?<type>Unhandled kernel [\w ]{1,60}?)(?: at |$)/ },
  { mark: 'sleeping function called', pattern: /BUG: (?<type>sleeping function called from invalid context)/ },
  { mark: 'scheduling while atomic', pattern: /BUG: (?<type>scheduling while atomic)/ },
  { mark: 'using ', pattern: /BUG: (?<type>using (?:smp_processor_id|__this_cpu_\w{1,30})\(\)? ?in preemptible)/ },
  { mark: 'workqueue leaked', pattern: new RegExp(String.raw`BUG: (?<type>workqueue leaked (?:lock|atomic)[\w ,]{0,40}): `) },
  { mark: 'WARNING: CPU', pattern: new RegExp(String.raw`(?<type>WARNING): CPU: \d{1,6} PID: \d{1,10} at (?:\S{1,300} )?${FUNCTION}\+0x`) },
  { mark: 'WARNING: ', pattern: new RegExp(String.raw`(?<type>WARNING): at \S{1,300} ${FUNCTION}\+0x`) },
  { mark: 'WARNING: ', pattern: new RegExp(String.raw`(?<type>WARNING): \S{1,300}:\d{1,9} at ${FUNCTION}\+0x`) },
  { mark: 'stack is corrupted in', pattern: new RegExp(String.raw`(?<type>stack is corrupted) in: (?:[0-9a-f]{8,16}|${FUNCTION})`) },
  { mark: 'BUG: ', pattern: /BUG: (?<type>[A-Za-z][A-Za-z -]{2,60}?)(?:[:,!]|\s\S{0,40}\d|$| in | at )/ },
  { mark: 'Oops', pattern: /(?<type>Oops): / },
  { mark: 'Kernel panic - not syncing', pattern: /Kernel panic - not syncing: (?<type>[A-Za-z][^:0-9]{2,80})/ },
  { mark: 'INFO: ', pattern: /INFO: (?<type>trying to register non-static key|Freed in|Allocated in|Slab 0x|task hung)/ },
]; // prettier-ignore

/** The report that a line announces, or undefined. The line has no time and no syslog header. */
export function findKernelReport(line: string): KernelReport | undefined {
  if (line.length > 2000) return undefined;
  for (const kind of KINDS) {
    if (!line.includes(kind.mark)) continue;
    const found = kind.pattern.exec(line);
    if (found === null) continue;
    const type = kind.as ?? found.groups?.['type'];
    if (type === undefined) continue;
    return { type, message: line.trim(), function: found.groups?.['function'] };
  }
  return undefined;
}
