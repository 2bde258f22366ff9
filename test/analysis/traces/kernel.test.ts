// Reading kernel reports: kind, function and frames, in the shapes of several architectures.
// Must never test grouping.
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../../analysis/trace.ts';
import { parseTrace } from '../../../analysis/traces/trace-reader.ts';

function parse(text: string): Trace {
  const trace = parseTrace(text);
  if (trace === undefined) throw new Error('no trace');
  return trace;
}

function ownFunctions(trace: Trace): (string | undefined)[] {
  return trace.frames.filter(({ inApp }) => inApp).map(({ function: name }) => name);
}

describe('kernel reports', () => {
  it('name the function of a KASAN report, and skip its reporting', () => {
    const trace = parse(`[   12.345678] ==================================================================
[   12.345679] BUG: KASAN: use-after-free in cart_release+0x1a/0x40 [cart]
[   12.345680] Read of size 8 at addr ffff8881 by task init/1
[   12.345681] Call Trace:
[   12.345682]  dump_stack+0x7d/0xa3
[   12.345683]  kasan_report+0x1/0x2
[   12.345684]  cart_release+0x1a/0x40 [cart]
[   12.345685]  ? guess+0x1/0x2
[   12.345686]  __fput+0x3/0x4
[   12.345687] Allocated by task 7:
[   12.345688]  other+0x1/0x2`);
    expect(trace).toMatchObject({ language: 'kernel', type: 'KASAN: use-after-free' });
    expect(ownFunctions(trace)).toEqual(['cart_release', '__fput']);
    expect(trace.frames.find(({ inApp }) => inApp)?.module).toBe('cart');
  });

  it('take the instruction pointer where the sentence names no function', () => {
    const trace =
      parse(`Jan  2 03:04:05 web-1 kernel: [   12.345678] BUG: unable to handle kernel NULL pointer dereference at 0000000000000010
Jan  2 03:04:05 web-1 kernel: [   12.345679] RIP: 0010:cart_probe.isra.3+0x1/0x2
Jan  2 03:04:05 web-1 kernel: [   12.345680] Call Trace:
Jan  2 03:04:05 web-1 kernel: [   12.345681]  bus_probe+0x1/0x2`);
    expect(trace.type).toBe('unable to handle kernel NULL pointer dereference');
    expect(ownFunctions(trace)[0]).toBe('cart_probe');
  });

  it.each([
    ['WARNING: CPU: 0 PID: 7 at drivers/cart.c:12 cart_add+0x1/0x2', 'WARNING'],
    ['INFO: task cart:7 blocked for more than 120 seconds.', 'hung task'],
    ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [cart:7]', 'soft lockup'],
    ['rcu: INFO: rcu_preempt self-detected stall on CPU', 'rcu stall'],
    ['WARNING: possible circular locking dependency detected', 'possible deadlock'],
    ['kernel BUG at mm/cart.c:12!', 'kernel BUG'],
    ['general protection fault: 0000 [#1] SMP', 'general protection fault'],
    ['BUG: sleeping function called from invalid context at mm/cart.c:12', 'sleeping function called from invalid context'],
    ['unreferenced object 0xffff8881 (size 32):', 'memory leak'],
  ])('know what is announced by %s', (head, type) => {
    expect(parse(`${head}\nCall Trace:\n schedule+0x1/0x2\n cart_run+0x1/0x2`)).toMatchObject({ language: 'kernel', type });
  });

  it('take the stack that closed the chain of a deadlock, at the lock', () => {
    const trace = parse(`WARNING: possible circular locking dependency detected
cart/7 is trying to acquire lock:
 (&cart->lock){+.+.}, at: cart_take+0x1/0x2
-> #1 (other){+.+.}:
       other_path+0x1/0x2
stack backtrace:
Call Trace:
 dump_stack+0x1/0x2
 lock_acquire+0x1/0x2
 cart_take+0x1/0x2
 cart_ioctl+0x1/0x2`);
    expect(ownFunctions(trace)).toEqual(['cart_take', 'cart_ioctl']);
  });

  it('take the work that a work queue ran for the function', () => {
    const trace = parse(`BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/12
     last function: cart_work
Call Trace:
 dump_stack+0x1/0x2
 process_one_work+0x1/0x2`);
    expect(ownFunctions(trace)).toEqual(['cart_work']);
  });

  it('read the traces of 32-bit and 64-bit ARM', () => {
    const arm = parse(`Unable to handle kernel paging request at virtual address 00000010
PC is at cart_probe+0x1/0x2
[<80100000>] (cart_probe) from [<80200000>] (bus_probe+0x1/0x2)
[<80200000>] (bus_probe) from [<80300000>] (init+0x1/0x2)`);
    expect(ownFunctions(arm)).toEqual(['cart_probe', 'bus_probe']);
    const arm64 = parse(`Unable to handle kernel NULL pointer dereference at virtual address 10
pc : cart_probe+0x1/0x2
Call trace:
 cart_probe+0x1/0x2
 bus_probe+0x1/0x2`);
    expect(ownFunctions(arm64)).toEqual(['cart_probe', 'bus_probe']);
  });
});
