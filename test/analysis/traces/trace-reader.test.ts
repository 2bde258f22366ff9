// Reading traces: every language, every wrapping, and input that means harm.
// Must never test joining or fingerprints.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, Trace } from '../../../analysis/trace.ts';
import { MAX_FRAMES } from '../../../analysis/traces/trace-language.ts';
import { parseTrace } from '../../../analysis/traces/trace-reader.ts';

function parse(text: string): Trace {
  const trace = parseTrace(text);
  if (trace === undefined) throw new Error(`no trace in ${text}`);
  return trace;
}

/** `function file:line`, with `*` before what belongs to the application. */
function show(frames: readonly Frame[]): string[] {
  return frames.map((frame) => `${frame.inApp ? '*' : ''}${frame.function ?? '-'} ${frame.file ?? '-'}:${frame.line ?? '-'}`);
}

const node = `TypeError: Cannot read properties of undefined (reading 'sum')
    at new Cart (/srv/cart/cart.js:4:44)
    at async Cart.load [as open] (file:///srv/cart/cart.mjs:5:58)
    at Array.map (<anonymous>)
    at /srv/cart/node_modules/lib/index.js:9:1
    at node:internal/main/run_main_module:28:49`;

const nodeFrames = [
  '*Cart /srv/cart/cart.js:4',
  '*Cart.load /srv/cart/cart.mjs:5',
  'Array.map <anonymous>:-',
  '- /srv/cart/node_modules/lib/index.js:9',
  '- node:internal/main/run_main_module:28',
];

describe('reading a trace', () => {
  it('reads Node', () => {
    const trace = parse(node);
    expect(trace).toMatchObject({ language: 'node', type: 'TypeError', message: "Cannot read properties of undefined (reading 'sum')" });
    expect(show(trace.frames)).toEqual(nodeFrames);
  });

  it('reads causes and the errors of an AggregateError', () => {
    const trace = parse(`AggregateError: all failed
    at run (/srv/a.js:1:1) {
  [errors]: [
    Error: first
        at one (/srv/a.js:2:1),
    RangeError: second
        at two (/srv/a.js:3:1)
  ],
  [cause]: TypeError: root
      at deep (/srv/a.js:4:1)
}`);
    expect(trace.type).toBe('AggregateError');
    expect(trace.cause).toMatchObject({ type: 'TypeError', message: 'root' });
    expect(trace.related.map(({ type }) => type)).toEqual(['Error', 'RangeError']);
  });

  it('reads an AggregateError that has no frames of its own, and a name that was set', () => {
    const trace = parse(`failed: [AggregateError: none] {
  [errors]: [
    Error [CartError]: first
        at one (/srv/a.js:2:1)
  ]
}`);
    expect(trace).toMatchObject({ type: 'AggregateError', message: 'none' });
    expect(trace.related[0]?.type).toBe('CartError');
  });

  it('takes a level after an ISO time for what it is', () => {
    const trace = parse('2026-01-02T03:04:05.678Z ERROR SyntaxError: bad\n    at load (/srv/a.js:2:1)');
    expect(trace).toMatchObject({ type: 'SyntaxError', message: 'bad' });
  });

  it('takes a deferred Go function that panics anew for what failed', () => {
    const trace = parse(`panic: first
\tpanic: again first

goroutine 1 [running]:
main.main.func1.1()
\t/srv/e.go:7 +0x1
panic({0x1, 0x2})
\t/usr/lib/go/src/runtime/panic.go:884 +0x1
main.main.func1()
\t/srv/e.go:6 +0x1`);
    expect(trace.frames.find(({ inApp }) => inApp)?.function).toBe('main.main.func1.1');
  });

  it('reads browsers in both formats', () => {
    const chrome = parse('Uncaught TypeError: x\n    at total (https://shop.example/app.js:5:47)\n    at https://shop.example/app.js:9:1');
    expect(chrome).toMatchObject({ language: 'browser', type: 'TypeError', message: 'x' });
    const firefox = parse('TypeError: x\ntotal@https://shop.example/app.js:5:47\n@https://shop.example/app.js:9:1');
    expect(firefox.language).toBe('browser');
    expect(show(firefox.frames)).toEqual(['*total https://shop.example/app.js:5', '*- https://shop.example/app.js:9']);
  });

  it('reads Python, innermost first, with source lines and chain', () => {
    const trace = parse(`Traceback (most recent call last):
  File "/usr/lib/python3.12/json/decoder.py", line 3, in decode
    raise KeyError(key)
KeyError: 'k'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/app.py", line 20, in <module>
    main()
  File "/srv/app.py", line 9, in main
    load(
    ~~~~^
cart.errors.CartError: no cart
with more words`);
    expect(trace).toMatchObject({ language: 'python', type: 'cart.errors.CartError', message: 'no cart\nwith more words' });
    expect(show(trace.frames)).toEqual(['*main /srv/app.py:9', '*<module> /srv/app.py:20']);
    expect(trace.frames[0]?.source).toBe('load(');
    expect(trace.cause).toMatchObject({ type: 'KeyError', message: "'k'" });
    expect(show(trace.cause?.frames ?? [])).toEqual(['decode /usr/lib/python3.12/json/decoder.py:3']);
  });

  it('reads a Python exception group', () => {
    const trace = parse(`  + Exception Group Traceback (most recent call last):
  |   File "/srv/a.py", line 1, in run
  |     raise group
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/a.py", line 5, in one
    | ValueError: first
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/a.py", line 7, in two
    | TypeError: second
    +------------------------------------`);
    expect(trace.type).toBe('ExceptionGroup');
    expect(trace.related.map(({ type, message }) => `${type} ${message}`)).toEqual(['ValueError first', 'TypeError second']);
  });

  it('reads Java with module, cause and suppressed', () => {
    const trace = parse(`2026-01-02 ERROR [main] c.c.Cart - failed
com.cart.CartDeclined: no cart
\tat com.cart.Cart.load(Cart.java:12)
\tat java.base/java.lang.Thread.run(Thread.java:840)
\tSuppressed: java.io.IOException: close
\t\tat com.cart.Store.close(Store.java:3)
Caused by: java.lang.IllegalStateException
\tat com.cart.Store$Reader.<init>(Store.kt:40)
\tat com.cart.Native.call(Native Method)
\t... 4 more`);
    expect(trace).toMatchObject({ language: 'java', type: 'com.cart.CartDeclined', message: 'no cart' });
    expect(show(trace.frames)).toEqual(['*com.cart.Cart.load Cart.java:12', 'java.lang.Thread.run Thread.java:840']);
    expect(trace.frames[1]?.module).toBe('java.base');
    expect(trace.cause?.type).toBe('java.lang.IllegalStateException');
    expect(show(trace.cause?.frames ?? [])[0]).toBe('*com.cart.Store$Reader.<init> Store.kt:40');
    expect(trace.related[0]?.type).toBe('java.io.IOException');
  });

  it('reads Go: the goroutine that failed, from the panic on', () => {
    const trace = parse(`2026/01/02 03:04:05 http: panic serving 10.0.0.1:99: runtime error: index out of range [5] with length 3
goroutine 12 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1850 +0xb0
panic({0x1, 0x2})
\t/usr/local/go/src/runtime/panic.go:890 +0x262
github.com/acme/cart/store.(*Store).Get(0xc000, {0x1, 0x2})
\t/srv/cart/store/store.go:12 +0x31
github.com/lib/pq.open(...)
\t/root/go/pkg/mod/github.com/lib/pq@v1.10.0/conn.go:3 +0x1

goroutine 1 [chan receive]:
main.main()
\t/srv/cart/main.go:30 +0x10`);
    expect(trace).toMatchObject({ language: 'go', type: 'runtime error: index out of range' });
    expect(trace.frames.find(({ inApp }) => inApp)).toMatchObject({
      function: 'github.com/acme/cart/store.(*Store).Get',
      module: 'github.com/acme/cart/store',
      line: 12,
    });
    expect(trace.frames).toHaveLength(4);
  });

  it('reads the stack that Go loggers and wrapped errors print, bare names above positions', () => {
    const trace = parse(`no funds
github.com/acme/cart.(*Store).Load
\t/srv/cart/store.go:41
runtime.main
\t/usr/local/go/src/runtime/proc.go:267
cannot check out
main.main
\t/srv/main.go:12`);
    expect(trace).toMatchObject({ language: 'go', type: undefined, message: 'no funds' });
    expect(show(trace.frames)).toEqual([
      '*github.com/acme/cart.(*Store).Load /srv/cart/store.go:41',
      'runtime.main /usr/local/go/src/runtime/proc.go:267',
    ]);
  });

  it('reads Ruby of both quotings, and knows methods written in C', () => {
    const old = parse(
      "cart.rb:5:in `fetch': key not found: \"k\" (KeyError)\n\tfrom cart.rb:5:in `price'\n\tfrom cart.rb:9:in `block in total'",
    );
    expect(old).toMatchObject({ language: 'ruby', type: 'KeyError', message: 'key not found: "k"' });
    expect(show(old.frames)).toEqual(['fetch cart.rb:5', '*price cart.rb:5', '*total cart.rb:9']);
    const recent = parse(
      "cart.rb:5:in 'Hash#fetch': key not found (KeyError)\n\tfrom cart.rb:5:in 'Cart#price'\n\tfrom /gems/rack/lib/rack.rb:9:in 'call'",
    );
    expect(show(recent.frames)).toEqual(['Hash#fetch cart.rb:5', '*Cart#price cart.rb:5', 'call /gems/rack/lib/rack.rb:9']);
  });

  it('reads PHP: a function stands at its own place, causes come first', () => {
    const trace = parse(`PHP Fatal error:  Uncaught TypeError: bad key in /srv/store.php:3
Stack trace:
#0 /srv/cart.php(9): Store->get('k')
#1 {main}

Next Cart\\CartError: no cart in /srv/cart.php:10
Stack trace:
#0 /srv/index.php(5): Cart\\Cart->load('k')
#1 {main}
  thrown in /srv/cart.php on line 10`);
    expect(trace).toMatchObject({ language: 'php', type: 'Cart\\CartError', message: 'no cart' });
    expect(show(trace.frames)).toEqual(['*Cart\\Cart->load /srv/cart.php:10', '*{main} /srv/index.php:5']);
    expect(trace.cause).toMatchObject({ type: 'TypeError', message: 'bad key' });
  });

  it('reads what Rails and Laravel log', () => {
    const rails = parse(`I, [2026-01-02T03:04:05.1 #7]  INFO -- : Completed 500
F, [2026-01-02T03:04:05.1 #7] FATAL -- : ActionView::Template::Error (undefined method 'sum' for nil):

app/models/cart.rb:12:in 'Cart#total'
/gems/actionpack/lib/a.rb:1:in 'call'`);
    expect(rails).toMatchObject({ language: 'ruby', type: 'ActionView::Template::Error' });
    expect(show(rails.frames)).toEqual(['*Cart#total app/models/cart.rb:12', 'call /gems/actionpack/lib/a.rb:1']);
    const laravel =
      parse(`[2026-01-02 03:04:05] production.ERROR: no cart {"exception":"[object] (Cart\\CartError(code: 0): no cart at /srv/app/Cart.php:12)
[stacktrace]
#0 /srv/vendor/laravel/a.php(1): Cart\\Cart->load()
#1 {main}
"}`);
    expect(laravel).toMatchObject({ language: 'php', type: 'Cart\\CartError', message: 'no cart' });
    expect(laravel.frames[0]).toMatchObject({ function: 'Cart\\Cart->load', file: '/srv/app/Cart.php', line: 12, inApp: true });
  });

  it('reads a PHP report that went to both outputs once', () => {
    const report =
      'Uncaught TypeError: bad in /srv/a.php:3\nStack trace:\n#0 /srv/a.php(9): f()\n#1 {main}\n  thrown in /srv/a.php on line 3';
    expect(parse(`PHP Fatal error:  ${report}\n\nFatal error: ${report}`).cause).toBeUndefined();
  });

  it('reads an escript that failed', () => {
    const trace = parse(`escript: exception error: bad key: "sku"
  in function  maps:get/2
     called as maps:get("sku",#{})
  in call from app:price/2 (app.erl, line 5)`);
    expect(trace).toMatchObject({ language: 'erlang', type: 'badkey' });
    expect(trace.frames.find(({ inApp }) => inApp)).toMatchObject({ function: 'app:price/2', line: 5 });
  });

  it('reads .NET with an inner exception', () => {
    const trace = parse(`Unhandled exception. Cart.CartException: no cart
 ---> System.FormatException: bad key
   at System.Int32.Parse(String s)
   at Cart.Store.Load(String key) in /srv/Store.cs:line 12
   --- End of inner exception stack trace ---
   at Cart.Program.Main() in /srv/Program.cs:line 3`);
    expect(trace).toMatchObject({ language: 'dotnet', type: 'Cart.CartException', message: 'no cart' });
    expect(show(trace.frames)).toEqual(['*Cart.Program.Main /srv/Program.cs:3']);
    expect(trace.cause?.type).toBe('System.FormatException');
    expect(show(trace.cause?.frames ?? [])).toEqual(['System.Int32.Parse -:-', '*Cart.Store.Load /srv/Store.cs:12']);
  });

  it('reads Rust, without the panic machinery in the application', () => {
    const trace = parse(`thread 'main' (7) panicked at src/main.rs:4:9:
no cart
stack backtrace:
   0: rust_begin_unwind
             at /rustc/0a/library/std/src/panicking.rs:1:1
   1: core::panicking::panic_fmt
             at /rustc/0a/library/core/src/panicking.rs:1:1
   2: cart::load::{{closure}}
             at ./src/main.rs:4:9`);
    expect(trace).toMatchObject({ language: 'rust', type: 'panic', message: 'no cart' });
    expect(trace.frames.filter(({ inApp }) => inApp).map(({ function: name }) => name)).toEqual(['cart::load::{{closure}}']);
  });

  it('reads Perl, Elixir, Erlang, Dart and Lua', () => {
    const perl = parse('no cart at cart.pl line 3.\n\tmain::load("k") called at cart.pl line 9\n');
    expect(show(perl.frames)).toEqual(['*main::load cart.pl:3', '*- cart.pl:9']);
    const elixir = parse(
      '** (KeyError) key :k not found\n    (stdlib 5.0) :maps.get(:k, %{})\n    (cart 0.1.0) lib/cart.ex:3: Cart.load/1',
    );
    expect(elixir).toMatchObject({ language: 'elixir', type: 'KeyError', message: 'key :k not found' });
    expect(show(elixir.frames)).toEqual([':maps.get -:-', '*Cart.load/1 lib/cart.ex:3']);
    const erlang = parse(`=CRASH REPORT==== 2-Jan-2026::03:04:05 ===
  crasher:
    exception error: no match of right hand side value []
      in function  cart:load/1 (src/cart.erl, line 12)
      in call from gen_server:handle_msg/6 (gen_server.erl, line 1)`);
    expect(erlang).toMatchObject({ language: 'erlang', type: 'badmatch' });
    expect(show(erlang.frames)).toEqual(['*cart:load/1 src/cart.erl:12', 'gen_server:handle_msg/6 gen_server.erl:1']);
    const dart = parse('Unhandled exception:\nBad state: none\n#0      load (file:///srv/cart.dart:3:5)\n#1      _run (dart:isolate:1:1)');
    expect(dart).toMatchObject({ language: 'dart', type: 'StateError' });
    expect(show(dart.frames)).toEqual(['*load /srv/cart.dart:3', '_run dart:isolate:1']);
    const lua = parse("lua: cart.lua:3: no cart\nstack traceback:\n\t[C]: in function 'error'\n\tcart.lua:3: in function 'load'");
    expect(lua).toMatchObject({ language: 'lua', message: 'no cart' });
    expect(show(lua.frames)).toEqual(['error -:-', '*load cart.lua:3']);
  });

  it('reads sanitizer reports, gdb and assertions', () => {
    const asan = parse(`==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x55
READ of size 4 at 0x602 thread T0
    #0 0x7f00 in __interceptor_memcpy ../libsanitizer/asan.cpp:1
    #1 0x55c2 in cart::(anonymous namespace)::load<int>(std::vector<int, std::allocator<int> > const&, char) const /srv/my cart/cart.cc:3:7
    #2 0x55c3 in main /srv/cart.cc:9
freed by thread T0 here:
    #0 0x7f00 in free (/lib/libasan.so+0x1)`);
    expect(asan).toMatchObject({ language: 'native', type: 'AddressSanitizer: heap-use-after-free' });
    expect(asan.frames.filter(({ inApp }) => inApp).map(({ function: name }) => name)).toEqual(['cart::load<int>', 'main']);
    const gdb = parse(`Program received signal SIGSEGV, Segmentation fault.
#0  0x00007f in raise () from /lib/x86_64-linux-gnu/libc.so.6
#1  0x00005f in load (key=0x0, size=4) at cart.c:3`);
    expect(gdb).toMatchObject({ language: 'native', type: 'SIGSEGV' });
    expect(show(gdb.frames)).toEqual(['raise -:-', '*load cart.c:3']);
  });
});

describe('wherever the trace stands', () => {
  it.each([
    ['with text around it', `server started\nrequest 7\n${node}\nrequest 8 done\n`],
    ['behind a log header', `2026-01-02 03:04:05 ERROR request failed ${node}`],
    ['indented by a logger', node.replaceAll(/^/gm, '        ')],
    ['in syslog lines', node.replaceAll(/^/gm, 'Jan  2 03:04:05 web-1 cart[12]: ')],
    ['in CRI lines', node.replaceAll(/^/gm, '2026-01-02T03:04:05.1Z stderr F ')],
    [
      'in Docker lines',
      node
        .split('\n')
        .map((line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' }))
        .join('\n'),
    ],
    ['escaped in a JSON field', JSON.stringify({ level: 'error', msg: 'failed', stack: node })],
    ['escaped in a logfmt field', `level=error msg="failed" stack=${JSON.stringify(node)}`],
    ['with Windows line ends', node.replaceAll('\n', '\r\n')],
    ['interleaved with other lines', node.replaceAll('\n', '\n10:00:00 INFO GET /health 200\n')],
    ['in colours', node.replaceAll(/^(.*)$/gm, '\u001B[31m$1\u001B[0m')],
    ['behind compose prefixes', node.replaceAll(/^/gm, 'cart-1  | ')],
  ])('is read the same %s', (_name, text) => {
    const trace = parse(text);
    expect(trace.type).toBe('TypeError');
    expect(show(trace.frames)).toEqual(nodeFrames);
  });

  it.each(['', 'all is well', 'Error in line 3', '{"level":"info","msg":"at work"}', '#1 of our goals', 'a\n  at noon\n  at night'])(
    'finds none in ordinary text: %s',
    (text) => {
      expect(parseTrace(text)).toBeUndefined();
    },
  );
});

const go = `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.load(...)
\t/srv/cart/main.go:12
main.main()
\t/srv/cart/main.go:20 +0x1d`;

describe('a Go panic', () => {
  it.each([
    ['on its own', go],
    ['indented below the line of a logger', `10:00:00 ERROR failed\n${go.replaceAll(/^/gm, '    ')}`],
    ['indented by a tab', `10:00:00 ERROR failed\n${go.replaceAll(/^/gm, '\t')}`],
    ['without the `panic: ` that a header took for its level', go.slice(7)],
    ["with rsyslog's escapes", go.replaceAll('\n', '#012').replaceAll('\t', '#011')],
    [
      'in Docker lines',
      go
        .split('\n')
        .map((line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-01-02T03:04:05Z' }))
        .join('\n'),
    ],
  ])('is read the same %s', (_name, text) => {
    const trace = parse(text);
    expect(trace).toMatchObject({ language: 'go', type: 'runtime error: index out of range' });
    expect(show(trace.frames)).toEqual(['*main.load /srv/cart/main.go:12', '*main.main /srv/cart/main.go:20']);
  });
});

it('reads a Ruby head behind a sentence, and an Elixir head whose stars a header took', () => {
  const ruby = parse("request failed: cart.rb:3:in 'Hash#fetch': key not found (KeyError)\n\tfrom cart.rb:3:in 'Cart#load'");
  expect(ruby).toMatchObject({ type: 'KeyError', message: 'key not found' });
  expect(show(ruby.frames)).toEqual(['Hash#fetch cart.rb:3', '*Cart#load cart.rb:3']);
  const elixir = parse('(KeyError) key :k not found\n    (cart 0.1.0) lib/cart.ex:3: Cart.load/1');
  expect(elixir).toMatchObject({ language: 'elixir', type: 'KeyError', message: 'key :k not found' });
});

describe('indentation of a logger', () => {
  it('goes from the head of a Ruby, Rust or PHP trace', () => {
    const logged = (trace: string) => parse(`10:00:00 ERROR failed\n${trace.replaceAll(/^/gm, '  ')}`);
    const ruby = logged("cart.rb:3:in 'Cart#load': no cart (CartError)\n\tfrom cart.rb:9:in '<main>'");
    expect(ruby).toMatchObject({ language: 'ruby', type: 'CartError', message: 'no cart' });
    expect(show(ruby.frames)).toEqual(['*Cart#load cart.rb:3', '*<main> cart.rb:9']);
    const rust = logged(
      "thread 'main' panicked at src/main.rs:4:9:\nno cart\nstack backtrace:\n   1: cart::load\n             at ./src/main.rs:4:9",
    );
    expect(rust).toMatchObject({ language: 'rust', message: 'no cart' });
    expect(show(rust.frames)).toEqual(['*cart::load ./src/main.rs:4']);
    const php = logged(
      "PHP Fatal error:  Uncaught CartError: no cart in /srv/cart.php:3\nStack trace:\n#0 /srv/app.php(9): load('k')\n#1 {main}\n  thrown in /srv/cart.php on line 3",
    );
    expect(php).toMatchObject({ language: 'php', type: 'CartError', message: 'no cart' });
  });
});

describe('harmful input', () => {
  it('keeps the innermost frames of a very deep stack', () => {
    const deep = Array.from({ length: 10_000 }, (_, index) => `    at f${index} (/srv/a.js:${index + 1}:1)`).join('\n');
    const trace = parse(`RangeError: Maximum call stack size exceeded\n${deep}`);
    expect(trace.frames).toHaveLength(MAX_FRAMES);
    expect(trace.frames[0]?.function).toBe('f0');
    const python = Array.from({ length: 10_000 }, (_, index) => `  File "/srv/a.py", line ${index + 1}, in f${index}`).join('\n');
    expect(parse(`Traceback (most recent call last):\n${python}\nRecursionError: deep`).frames[0]?.function).toBe('f9999');
  });

  it('never throws, and keeps every limit', () => {
    const pieces = fc.constantFrom(
      '    at ',
      '  File "',
      '", line 1, in f',
      '#0 0x12 in ',
      '(',
      ')',
      ':1',
      'Error: ',
      '\n',
      '\\n',
      '"',
      '[<',
      '>] f+0x1/0x2',
      'BUG: ',
      'panic: ',
      'goroutine 1 [x]:',
      "':in `",
      '** (',
      '\tfrom ',
      ' called at ',
      ' line 3',
      'Caused by: ',
      '{',
      '}',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 80 }), (parts) => {
        const trace = parseTrace(parts.join(''));
        expect(trace === undefined || trace.frames.length <= MAX_FRAMES).toBe(true);
      }),
    );
  });
});
