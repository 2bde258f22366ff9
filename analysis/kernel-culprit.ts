// Chooses the one function by which a kernel report is known.
// Must never read lines; it judges the frames of a parsed report.
import type { Frame } from './trace.ts';

/**
 * The function that stands for the report, or undefined when its frames say nothing. Mostly the innermost frame that isn't a helper. A stall
 * is another matter: the CPU loops through many functions and is caught in any of them, so the function stands for it that was called
 * from outside (by the system call, the timer, the work queue), and not those that lead there in every program.
 */
export function kernelCulprit(kind: string, frames: readonly Frame[]): string | undefined {
  const names = frames.map((frame) => frame.function ?? '');
  const inner = frames.find((frame) => frame.inApp)?.function;
  if (kind === 'stall') return stallOrigin(names, frames) ?? inner;
  return inner ?? names.find((name) => SYSTEM_CALL.test(name));
}

function stallOrigin(names: readonly string[], frames: readonly Frame[]): string | undefined {
  // Above the timer interrupt stands the watchdog that noticed.
  const noticed = names.findIndex((name) => TIMER_INTERRUPT.test(name));
  const interrupted = noticed < 0 ? 0 : names.findLastIndex((name, index) => TIMER_INTERRUPT.test(name) && index < noticed + 6) + 1;
  // One CPU waits until all others answered: whoever asked is a victim.
  const waits = names.findIndex((name, index) => index >= interrupted && WAITS_FOR_CPUS.test(name));
  if (waits >= 0) return names[waits];
  const entry = names.findIndex((name, index) => index >= interrupted && (SYSTEM_CALL.test(name) || CALLER.test(name)));
  if (entry < 0) return frames.slice(interrupted).find((frame) => frame.inApp)?.function;
  const call = names[entry] ?? '';
  if (SYSTEM_CALL.test(call) && !MANIFOLD.test(call)) return call;
  for (let index = entry - 1; index >= interrupted; index -= 1) {
    const name = names[index] ?? '';
    if (frames[index]?.inApp === true && !DISPATCH.test(name) && !SYSTEM_CALL.test(name)) return name;
  }
  return undefined;
}

const TIMER_INTERRUPT =
  /^(?:__|asm_|smp_|asm_sysvec_|sysvec_|__sysvec_|instr_sysvec_)?(?:local_)?(?:sysvec_)?apic_timer_interrupt|^(?:arch_timer_handler|twd_handler|timer_interrupt$|decrementer_common|__irq_(?:svc|usr)$|el1_irq|el1h_64_irq|gic_handle_irq)/;

const WAITS_FOR_CPUS = /^(?:smp_call_function|on_each_cpu)/;

/** Wrappers of system calls, by architecture and age. */
const SYSTEM_CALL = /^(?:__(?:x64|ia32|arm64|se|do|riscv|s390x?)_(?:compat_)?sys_|compat_SyS_|C_SYSC_|SyS_|SYSC_|sys_)/;

/** System calls behind which anything may stand: the file or the protocol decides. */
const MANIFOLD =
  /(?:sys_|SyS_|SYSC_)(?:p?read(?:v2?|64)?|p?write(?:v2?|64)?|ioctl|send(?:msg|to|mmsg)?|recv(?:msg|from)?|[gs]etsockopt|connect|bind|accept4?|listen|close|socket|socketcall|mmap(?:_pgoff)?|splice|sendfile64?|fcntl|io_submit)$/;

/** What calls the work of timers, work queues, soft interrupts and threads. */
const CALLER =
  /^(?:call_timer_fn|__run_hrtimer|__hrtimer_run_queues|process_one_work|process_scheduled_works|kthread|task_work_run|tasklet_action\w*|net_rx_action|__napi_poll|net_tx_action|irq_work_\w+|do_exit)$/;

/** Layers that hand a call on to the file system, driver or protocol behind it. */
const DISPATCH =
  /^(?:_{0,4}(?:fput|vfs|do_vfs|ksys|new_sync|do_sync|call_(?:read|write|mmap)|do_iter|do_(?:read|write)v|do_loop_readv|file_ioctl|compat_sock|sock_|sys_|netlink_|rtnetlink_|genl_|nfnetlink_|nfnl_|do_mmap|vm_mmap|mmap_region|inet_(?:sendmsg|release|stream)|tcp_v\d_do_rcv)|do_(?:send|recv)\w{0,8}$|iter_file_splice|compat_ioctl)/;
