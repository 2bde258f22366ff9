// Fingerprints: what makes two problems one, and what keeps them apart.
// Must never test how traces are read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fingerprint } from '../../analysis/entry.ts';
import { fingerprintOf } from '../../analysis/fingerprint.ts';
import { parseTrace } from '../../analysis/traces/trace-reader.ts';

function of(text: string, service = 'cart'): Fingerprint {
  const trace = parseTrace(text);
  expect(trace).toBeDefined();
  return fingerprintOf({ trace, template: { id: 'aa', text: 'failed' }, service, severity: 'error', knownProblemId: undefined });
}

const node = (path: string, line: number, message: string): string => `TypeError: ${message}
    at total (${path}/cart.js:${line}:7)
    at Object.handle (${path}/cart.js:${line + 20}:3)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`;

describe('the same problem', () => {
  it('stays the same through deployments, values and line numbers', () => {
    expect(of(node('/srv/cart', 5, 'x is 7')).value).toBe(of(node('/opt/releases/20260102/cart', 12, 'x is 8')).value);
  });

  it.each([
    ['how a JavaScript method was reached', 'at Object.handle (', 'at async Function.handle ('],
    ['what a compiler numbered in Java', 'at c.Cart.lambda$total$0(Cart.java:1)', 'at c.Cart.lambda$total$3(Cart.java:1)'],
    ['the number of a Go closure', 'main.load.func1(', 'main.load.func2.1('],
    ['the hash of a Rust symbol', 'cart::load::h0123456789abcdef', 'cart::load::hfedcba9876543210'],
    [
      'the state machine of a .NET async method',
      'at Shop.Cart.<LoadAsync>d__5.MoveNext() in',
      'at Shop.Cart.<LoadAsync>d__9.MoveNext() in',
    ],
    ['the type arguments of C++', 'in cart::load<int>(int)', 'in cart::load<std::vector<char> >(char)'],
  ])('does not depend on %s', (_name, left, right) => {
    const frames = (line: string): string => {
      if (line.startsWith('at c.')) return `c.E: x\n\t${line}\n\tat c.Cart.run(Cart.java:9)`;
      if (line.startsWith('main.'))
        return `panic: x\n\ngoroutine 1 [running]:\n${line})\n\t/srv/main.go:1 +0x1\nmain.main()\n\t/srv/main.go:9 +0x1`;
      if (line.startsWith('cart::'))
        return `thread 'main' panicked at src/main.rs:1:1:\nx\nstack backtrace:\n   1: ${line}\n             at ./src/main.rs:1:1`;
      if (line.startsWith('at Shop.'))
        return `System.Exception: x\n   ${line} /srv/a.cs:line 1\n   at Shop.Program.Main() in /srv/a.cs:line 9`;
      if (line.startsWith('in '))
        return `==1==ERROR: AddressSanitizer: SEGV on unknown address\n    #0 0x1234 ${line} /srv/a.cc:1\n    #1 0x1235 in main /srv/a.cc:9`;
      return `Error: x\n    ${line}/srv/a.js:1:1)\n    at run (/srv/a.js:2:1)`;
    };
    expect(of(frames(left)).value).toBe(of(frames(right)).value);
  });

  it('does not depend on who threw on its behalf', () => {
    const thrown = (frame: string): string => `Error: x\n${frame}    at total (/srv/a.js:1:1)\n    at run (/srv/a.js:2:1)`;
    expect(of(thrown('    at throwError (/srv/b.js:1:1)\n')).value).toBe(of(thrown('')).value);
  });

  it('does not depend on where an endless recursion ended', () => {
    const deep = (top: string): string =>
      `RangeError: deep\n${top}${'    at parse (/srv/a.js:1:1)\n    at value (/srv/a.js:2:1)\n'.repeat(40)}`;
    expect(of(deep('    at skip (/srv/a.js:9:1)\n')).value).toBe(of(deep('')).value);
  });

  it('is one in the kernel however it was noticed', () => {
    const kasan = of('BUG: KASAN: use-after-free in cart_free+0x1/0x2\nCall Trace:\n kasan_report+0x1/0x2\n cart_free+0x1/0x2');
    const fault = of('general protection fault: 0000 [#1] SMP\nRIP: 0010:cart_free+0x9/0x20\nCall Trace:\n cart_ioctl+0x1/0x2');
    expect(kasan.value).toBe(fault.value);
  });

  it('is one in the kernel wherever a stalled CPU was caught', () => {
    const stall = (inner: string): string => `rcu: INFO: rcu_sched self-detected stall on CPU
Call Trace:
 <IRQ>
 dump_stack+0x1/0x2
 apic_timer_interrupt+0x1/0x2
 </IRQ>
${inner} cart_flush+0x1/0x2
 cart_ioctl+0x1/0x2
 do_vfs_ioctl+0x1/0x2
 __x64_sys_ioctl+0x1/0x2
 do_syscall_64+0x1/0x2`;
    expect(of(stall(' cart_hash+0x1/0x2\n')).value).toBe(of(stall(' cart_walk+0x1/0x2\n memcpy+0x1/0x2\n')).value);
  });
});

describe('different problems', () => {
  it('differ by type, by function, by service and by cause', () => {
    const base = node('/srv', 5, 'x');
    const cause = (type: string): string => `${base} {\n  [cause]: ${type}: y\n      at read (/srv/s.js:1:1)\n}`;
    const values = [
      of(base),
      of(base.replace('TypeError', 'RangeError')),
      of(base.replace('at total', 'at sum')),
      of(base, 'shop'),
      of(cause('Error')),
      of(cause('SyntaxError')),
    ].map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
  });

  it('differ by language', () => {
    const python = of('Traceback (most recent call last):\n  File "/srv/a.py", line 1, in price\n    x\nKeyError: 1');
    const ruby = of("a.rb:1:in 'price': x (KeyError)\n\tfrom a.rb:9:in 'run'\n");
    expect(python.value).not.toBe(ruby.value);
  });
});

describe('parts', () => {
  it('explain a trace by its types and frames', () => {
    expect(of(node('/srv', 5, 'x')).parts).toEqual([
      { kind: 'exception', value: 'node: TypeError' },
      { kind: 'frame', value: 'total' },
      { kind: 'frame', value: 'handle' },
      { kind: 'service', value: 'cart' },
    ]);
  });

  it('fall back to the template, whose id counts and not its text', () => {
    const input = { trace: undefined, service: 'cart', severity: 'error', knownProblemId: undefined } as const;
    const early = fingerprintOf({ ...input, template: { id: 'aa', text: 'failed for bob' } });
    const later = fingerprintOf({ ...input, template: { id: 'aa', text: 'failed for <*>' } });
    expect(early.value).toBe(later.value);
    expect(later.parts[0]).toEqual({ kind: 'template', value: 'failed for <*>' });
    expect(fingerprintOf({ ...input, template: { id: 'bb', text: 'failed for bob' } }).value).not.toBe(early.value);
  });

  it('are the known problem where there is one', () => {
    const known = fingerprintOf({
      trace: parseTrace(node('/srv', 5, 'x')),
      template: undefined,
      service: undefined,
      severity: undefined,
      knownProblemId: 'oom-kill',
    });
    expect(known.parts).toEqual([{ kind: 'known-problem', value: 'oom-kill' }]);
  });

  it('always give 32 hexadecimal digits', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (id, service) => {
        const made = fingerprintOf({
          trace: undefined,
          template: { id, text: id },
          service,
          severity: undefined,
          knownProblemId: undefined,
        });
        expect(made.value).toMatch(/^[\da-f]{32}$/);
      }),
    );
  });
});
