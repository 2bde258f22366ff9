// The joiner: which lines become one record.
// Must never test how a trace is read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_UNDECIDED, TraceJoiner } from '../../../analysis/traces/continuation.ts';

/** Plays the caller's part as the head of continuation.ts describes it. */
function joinRecords(lines: readonly string[]): string[] {
  const joiner = new TraceJoiner();
  const records: string[][] = [];
  let undecided: string[] = [];
  for (const line of lines) {
    const verdict = joiner.next(line);
    if (verdict === 'maybe') undecided.push(line);
    else if (verdict === 'continues' || verdict === 'attaches') {
      const begins = verdict === 'attaches' ? undecided.pop() : undefined;
      if (begins !== undefined) {
        records.push(...undecided.map((text) => [text]), [begins]);
        undecided = [];
      }
      if (records.length === 0) records.push([]);
      records.at(-1)?.push(...undecided, line);
      undecided = [];
    } else {
      records.push(...undecided.map((text) => [text]), [line]);
      undecided = [];
    }
  }
  records.push(...undecided.map((text) => [text]));
  return records.map((record) => record.join('\n'));
}

const traces: Readonly<Record<string, string>> = {
  'Node with source line, cause and version': `/srv/cart/app.js:12
  throw new CartError('no cart', { cause: error });
        ^

CartError: no cart
    at load (/srv/cart/app.js:12:9)
    at node:internal/main/run_main_module:28:49 {
  code: 'E_CART',
  [cause]: Error: gone
      at read (/srv/cart/store.js:3:11)
}

Node.js v24.1.0`,
  'Node behind a log header': `2026-01-02 03:04:05 ERROR request failed TypeError: x is undefined
    at total (/srv/cart/app.js:5:7)
    at async handle (/srv/cart/app.js:9:3)`,
  'Python with two links': `Traceback (most recent call last):
  File "/srv/cart/app.py", line 3, in load
    return CARTS[key]
           ~~~~~^^^^^
KeyError: 'k'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/cart/app.py", line 9, in <module>
    load()
cart.errors.CartError: no cart`,
  'Python behind a logger': `2026-01-02 03:04:05,678 ERROR cart: could not load
Traceback (most recent call last):
  File "/srv/cart/app.py", line 3, in load
    return CARTS[key]
KeyError: 'k'`,
  'Java behind a logger': `2026-01-02 03:04:05 ERROR [main] c.c.Cart - could not load
com.cart.CartException: no cart
\tat com.cart.Cart.load(Cart.java:12)`,
  'Node behind a logger that writes the stack on lines of its own': `2026-01-02T03:04:05.678Z ERROR [cart] request failed body={"a":1}
TypeError: x is undefined
    at total (/srv/cart/app.js:5:7)`,
  'Python exception group': `  + Exception Group Traceback (most recent call last):
  |   File "/srv/a.py", line 1, in <module>
  |     raise ExceptionGroup("two", [])
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: one
    +---------------- 2 ----------------
    | TypeError: two
    +------------------------------------`,
  'Java with cause and suppressed': `Exception in thread "main" com.cart.CartException: no cart
of two lines
\tat com.cart.Cart.load(Cart.java:12)
\tSuppressed: java.io.IOException: close
\t\tat com.cart.Store.close(Store.java:3)
\t\t... 1 more
Caused by: java.lang.IllegalStateException: gone
\tat com.cart.Store.read(Store.java:40)
\t... 4 more`,
  'Go with two goroutines': `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.load(...)
\t/srv/cart/main.go:12
main.main()
\t/srv/cart/main.go:20 +0x1d

goroutine 7 [chan receive]:
main.wait(0xc000)
\t/srv/cart/main.go:30 +0x10
created by main.main in goroutine 1
\t/srv/cart/main.go:18 +0x99
exit status 2`,
  Rust: `thread 'main' panicked at src/main.rs:4:9:
no cart
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:1:1
   1: cart::load
             at ./src/main.rs:4:9
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`,
  Ruby: `cart.rb:3:in 'Hash#fetch': key not found: "k" (KeyError)
\tfrom cart.rb:3:in 'Cart#load'
\tfrom cart.rb:9:in '<main>'`,
  Rails: `F, [2026-01-02T03:04:05.1 #7] FATAL -- : KeyError (key not found):

app/models/cart.rb:12:in 'Cart#total'
app/models/cart.rb:20:in 'Cart#load'`,
  PHP: `PHP Fatal error:  Uncaught CartError: no cart in /srv/cart.php:3
Stack trace:
#0 /srv/cart.php(9): load('k')
#1 {main}
  thrown in /srv/cart.php on line 3`,
  Perl: `no cart at cart.pl line 3.
\tmain::load("k") called at cart.pl line 9`,
  Elixir: `** (KeyError) key :k not found
    (cart 0.1.0) lib/cart.ex:3: Cart.load/1
    (elixir 1.17.0) lib/enum.ex:1: Enum.map/2`,
  '.NET': `Unhandled exception. Cart.CartException: no cart
   at Cart.Store.Load(String key) in /srv/cart/Store.cs:line 12
   --- End of inner exception stack trace ---
   at Cart.Program.Main() in /srv/cart/Program.cs:line 3`,
  AddressSanitizer: `=================================================================
==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x55 bp 0x7f sp 0x7f
READ of size 4 at 0x602 thread T0
    #0 0x55c2 in load /srv/cart.c:3

0x602 is located 0 bytes inside of 4-byte region [0x602,0x606)
freed by thread T0 here:
    #0 0x7f0 in free (/lib/libasan.so+0x1)

SUMMARY: AddressSanitizer: heap-use-after-free /srv/cart.c:3 in load
==12==ABORTING`,
};

describe('joining the lines of a trace', () => {
  it.each(Object.entries(traces))('makes one record of %s between ordinary lines', (_name, trace) => {
    const records = joinRecords(['10:00:00 INFO started', ...trace.split('\n'), '10:00:01 INFO served', '10:00:02 INFO served']);
    expect(records).toEqual(['10:00:00 INFO started', trace, '10:00:01 INFO served', '10:00:02 INFO served']);
  });

  it.each([
    ['syslog', (line: string) => `Jan  2 03:04:05 web-1 cart[12]: ${line}`],
    ['ISO syslog', (line: string) => `2026-01-02T03:04:05.123456+00:00 web-1 cart[12]: ${line}`],
    ['CRI', (line: string) => `2026-01-02T03:04:05.123456789Z stderr F ${line}`],
    ['Docker', (line: string) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-01-02T03:04:05Z' })],
  ])('sees through the header of %s on every line', (_name, wrap) => {
    const lines = (traces['Java with cause and suppressed'] ?? '').split('\n').map((line) => wrap(line));
    expect(joinRecords([wrap('served'), ...lines, wrap('served')])).toHaveLength(3);
  });

  it.each([
    'Node with source line, cause and version',
    'Java with cause and suppressed',
    'Python with two links',
    'Python exception group',
    'Go with two goroutines',
    'Rust',
    'Ruby',
    'PHP',
    '.NET',
  ])('joins %s below the line of a logger that indents it', (name) => {
    for (const margin of ['  ', '    ', '\t']) {
      const trace = `10:00:01 ERROR request failed\n${(traces[name] ?? '').replaceAll(/^/gm, margin)}`;
      expect(joinRecords(['10:00:00 INFO on', ...trace.split('\n'), '10:00:02 INFO on'])).toEqual([
        '10:00:00 INFO on',
        trace,
        '10:00:02 INFO on',
      ]);
    }
  });

  it('ends an indented trace where its indentation ends', () => {
    const trace = ['  panic: first', '  goroutine 1 [running]:', '  main.main()', '  \t/srv/main.go:3 +0x1'];
    expect(joinRecords(['INFO on', ...trace, 'more', 'and more'])).toEqual(['INFO on', trace.join('\n'), 'more', 'and more']);
  });

  it('joins the bare names and positions that Go loggers print below their line', () => {
    const trace = `2026-01-02T03:04:05Z\tERROR\tcheckout failed\ngithub.com/acme/cart.(*Store).Load\n\t/srv/cart/store.go:41\nmain.main\n\t/srv/main.go:12`;
    expect(joinRecords(['10:00:00 INFO on', ...trace.split('\n'), 'main.done', '10:00:02 INFO on'])).toEqual([
      '10:00:00 INFO on',
      trace,
      'main.done',
      '10:00:02 INFO on',
    ]);
  });

  it('leaves indented lines alone that are no part of a trace', () => {
    const lines = [
      'Step 3/9 : RUN make',
      ' ---> Using cache',
      ' ---> 1a2b3c',
      'ERROR bad settings',
      '  path: /etc/app.conf',
      '  - one',
      '  goroutines: 7',
    ];
    expect(joinRecords(lines)).toEqual(lines);
  });

  it('lets a name alone go that has no position behind it', () => {
    const lines = ['ERROR cannot read', 'config.yaml', 'ERROR cannot read', 'other.yaml'];
    expect(joinRecords(lines)).toEqual(lines);
  });

  it('gives two traces that follow each other a record each', () => {
    const one = 'TypeError: a\n    at f (/a.js:1:2)';
    const two = 'RangeError: b\n    at g (/b.js:1:2)';
    expect(joinRecords(`${one}\n${two}`.split('\n'))).toEqual([one, two]);
  });

  it('leaves ordinary lines alone, also those that mention errors', () => {
    const lines = ['INFO a', 'ERROR: disk full', 'panic button pressed', 'at noon', '', 'done: Exception handling works'];
    expect(joinRecords(lines)).toEqual(lines);
  });

  it('keeps bare errors apart that a program without a logger prints line by line', () => {
    const lines = ['Error: one', 'TypeError: two', 'RangeError: three'];
    expect(joinRecords(lines)).toEqual(lines);
  });

  it('takes lines back that looked like more of a message and were not', () => {
    const lines = ['panic: first', 'second', 'third', '10:00:00 INFO on', '10:00:01 INFO on'];
    expect(joinRecords([...lines, ...Array.from({ length: 20 }, (_, index) => `line ${index}`)]).length).toBe(lines.length + 20);
  });

  it('is undecided for a bounded number of lines', () => {
    const joiner = new TraceJoiner();
    joiner.next('panic: endless');
    const verdicts = Array.from({ length: MAX_UNDECIDED + 5 }, () => joiner.next('more'));
    expect(verdicts.filter((verdict) => verdict === 'maybe')).toHaveLength(MAX_UNDECIDED);
    expect(joiner.inTrace).toBe(false);
  });

  it('takes the rest of a trace for one record after a reset', () => {
    const joiner = new TraceJoiner();
    joiner.next('TypeError: a');
    joiner.next('    at f (/a.js:1:2)');
    joiner.reset();
    expect(joiner.inTrace).toBe(false);
    expect(joiner.next('    at g (/a.js:2:2)')).toBe('continues');
  });

  it('loses and repeats no line, whatever comes', () => {
    const pieces = fc.constantFrom(...Object.values(traces).flatMap((trace) => trace.split('\n')), 'INFO x', '', '   ', '{', '}');
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }), (lines) => {
        expect(joinRecords(lines).join('\n')).toBe(lines.join('\n'));
      }),
    );
  });
});
