// The built-in engine's templates for values of the wrong kind and for misspelt settings: each where it fits, none where it is only alike.
// Must never assert more of an edit than what it is for; whether it holds is for the proof.
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../base/syntax-tree.ts';
import { createBuiltinEngine } from '../../../coordinator/model/providers/builtin/builtin-engine.ts';
import type { PatternProblem } from '../../../coordinator/model/pattern-engine.ts';

const engine = createBuiltinEngine(createSyntaxTrees());

async function texts(path: string, text: string, line: number, type: string, message: string, more: Partial<PatternProblem> = {}) {
  const places = [{ path, line, column: undefined, function: undefined }];
  const files = new Map([[path, text]]);
  const candidates = await engine.propose({
    type,
    message,
    language: undefined,
    places,
    suspects: [],
    files,
    paths: [path],
    settings: [],
    ...more,
  });
  return candidates.map((one) => [...one.files.values()][0] ?? '');
}

type Row = readonly [text: string, line: number, type: string, message: string, expected: string];

it.each<Row>([
  ['const f = (p) => p.price.toFixed(2);\n', 1, 'TypeError', 'p.price.toFixed is not a function', 'Number(p.price).toFixed(2)'],
  ['const f = (o) => o.items.map(String);\n', 1, 'TypeError', 'o.items.map is not a function', '[o.items].flat().map(String)'],
  ["const f = (n) => ' '.repeat(9 - n);\n", 1, 'RangeError', 'Invalid count value: -3', "' '.repeat(Math.max(0, 9 - n))"],
  ['const f = (a, b) => [...a.x, ...b.y];\n', 1, 'TypeError', 'b.y is not iterable', '[...(a.x ?? []), ...(b.y ?? [])]'],
  [
    'function f(list, size = 20) {\n  const n = parseInt(size, 10);\n  return new Array(Math.ceil(list.length / n));\n}\n',
    3,
    'RangeError',
    'Invalid array length',
    '(parseInt(size, 10) || 20)',
  ],
  [
    'const f = (r) => `${new Date(r.at).toISOString()}`;\n',
    1,
    'RangeError',
    'Invalid time value',
    "${Number.isNaN(new Date(r.at).getTime()) ? '' : new Date(r.at).toISOString()}",
  ],
  [
    'function f(t) {\n  if (!t) return null;\n  return JSON.parse(t);\n}\n',
    3,
    'SyntaxError',
    'Unexpected token \'h\', "hello" is not valid JSON',
    'try {\n    return JSON.parse(t);\n  } catch {\n    return null;\n  }',
  ],
  [
    "function f(u, res) {\n  if (!u) {\n    res.end('none');\n  }\n  res.setHeader('a', 'b');\n}\n",
    5,
    'Error',
    'Cannot set headers after they are sent to the client',
    "res.end('none');\n    return;",
  ],
  [
    "import { load } from './load.js';\nexport async function f() {\n  const rows = load();\n  return rows.map(String);\n}\n",
    4,
    'TypeError',
    'rows.map is not a function',
    'const rows = await load();',
  ],
])('JavaScript: %j', async (text, line, type, message, expected) => {
  expect((await texts('a.js', text, line, type, message)).join('\n---\n')).toContain(expected);
});

it.each<Row>([
  ['def f(v):\n    return max(x for x in v)\n', 2, 'ValueError', 'max() arg is an empty sequence', 'max((x for x in v), default=0)'],
  ['def f(v):\n    return min(v)\n', 2, 'ValueError', 'min() iterable argument is empty', 'min(v, default=0)'],
  ['def f(v):\n    return next(x for x in v if x)\n', 2, 'StopIteration', '', 'next((x for x in v if x), None)'],
  [
    'import statistics\ndef f(v):\n    return statistics.mean(v)\n',
    3,
    'statistics.StatisticsError',
    'mean requires at least one data point',
    '(statistics.mean(v) if v else 0)',
  ],
  ["def f(t):\n    k, v = t.split(':')\n", 2, 'ValueError', 'too many values to unpack (expected 2)', "t.split(':', 1)"],
  [
    "def f(ls):\n    for l in ls:\n        k, v = l.split('=')\n",
    3,
    'ValueError',
    'not enough values to unpack (expected 2, got 1)',
    "if '=' not in l:\n            continue\n",
  ],
  [
    "def f(d, r):\n    d[r['tags']] = 1\n",
    2,
    'TypeError',
    "unhashable type: 'list'",
    "tuple(r['tags']) if isinstance(r['tags'], list) else r['tags']",
  ],
  ['def f(l, x):\n    l.remove(x)\n', 2, 'ValueError', 'list.remove(x): x not in list', 'if x in l:\n        l.remove(x)'],
  [
    'from decimal import Decimal\ndef f(a, b):\n    return a * b\n',
    3,
    'TypeError',
    "unsupported operand type(s) for *: 'decimal.Decimal' and 'float'",
    'a * Decimal(str(b))',
  ],
  [
    'import json\ndef f(t):\n    if not t:\n        return {}\n    return json.loads(t)\n',
    5,
    'json.decoder.JSONDecodeError',
    'Expecting value: line 1 column 1 (char 0)',
    'try:\n        return json.loads(t)\n    except json.JSONDecodeError:\n        return {}',
  ],
  [
    "def f(ls):\n    for l in ls:\n        p = l.split(';')\n        use(p[1])\n",
    4,
    'IndexError',
    'list index out of range',
    'if len(p) <= 1:\n            continue\n',
  ],
  ["def a(o):\n    return o.get('unit', 'kg')\ndef b(o):\n    return o['unit']\n", 4, 'KeyError', "'unit'", "return o.get('unit', 'kg')\n"],
])('Python: %j', async (text, line, type, message, expected) => {
  expect((await texts('a.py', text, line, type, message))[0]).toContain(expected);
});

const go = (body: string, head = ''): string => `package a\n\n${head}${body}`;
const counter =
  'type C struct {\n\tm map[string]int\n}\n\nfunc (c *C) Add(k string) {\n\tc.m[k]++\n}\n\nfunc (c *C) Of(k string) int {\n\treturn c.m[k]\n}\n';

it.each<Row>([
  [
    go('func F(v interface{}) int {\n\tn := v.(int)\n\treturn n\n}\n'),
    4,
    'panic',
    'interface conversion: interface {} is string, not int',
    'n, _ := v.(int)',
  ],
  [
    go('func F(v interface{}) (int, error) {\n\tn := v.(int)\n\treturn n, nil\n}\n', 'import "fmt"\n\n'),
    6,
    'panic',
    'interface conversion: interface {} is nil, not int',
    'n, ok := v.(int)\n\tif !ok {\n\t\treturn 0, fmt.Errorf("v is no int")\n\t}',
  ],
  [
    go('func F(s string) string {\n\treturn s[:8]\n}\n'),
    4,
    'panic',
    'runtime error: slice bounds out of range [:8] with length 3',
    'if len(s) < 8 {\n\t\treturn s\n\t}',
  ],
  [
    go('func F(s string) string {\n\treturn strings.Repeat("-", 8-len(s))\n}\n', 'import "strings"\n\n'),
    6,
    'panic',
    'negative Repeat count',
    'count := 8-len(s)\n\tif count < 0 {\n\t\tcount = 0\n\t}\n\treturn strings.Repeat("-", count)',
  ],
  [
    go('func F() (int, error) {\n\tc, _ := load()\n\treturn c.n, nil\n}\n'),
    5,
    'panic',
    'runtime error: invalid memory address or nil pointer dereference',
    'c, err := load()\n\tif err != nil {\n\t\treturn 0, err\n\t}',
  ],
  [go(counter), 8, 'fatal error', 'concurrent map writes', 'mutex sync.Mutex'],
])('Go: %j', async (text, line, type, message, expected) => {
  expect((await texts('a.go', text, line, type, message)).join('\n---\n')).toContain(expected);
});

it.each<Row>([
  [
    'class A {\n  long f(Object o) {\n    return (Long) o;\n  }\n}\n',
    3,
    'java.lang.ClassCastException',
    'class java.lang.Integer cannot be cast to class java.lang.Long (…)',
    '((Number) o).longValue()',
  ],
  [
    'class A {\n  String f(String s) {\n    return s.substring(0, 8);\n  }\n}\n',
    3,
    'java.lang.StringIndexOutOfBoundsException',
    'begin 0, end 8, length 3',
    's.substring(0, Math.min(8, s.length()))',
  ],
  [
    'class A {\n  List<String> l = List.of();\n  void f() {\n    l.add("x");\n  }\n}\n',
    4,
    'java.lang.UnsupportedOperationException',
    '',
    'new java.util.ArrayList<>(List.of())',
  ],
])('Java: %j', async (text, line, type, message, expected) => {
  expect((await texts('A.java', text, line, type, message))[0]).toContain(expected);
});

describe('no edit is made', () => {
  const undefinedRead = (property: string): string => `Cannot read properties of undefined (reading '${property}')`;
  it.each<readonly [what: string, path: string, text: string, line: number, type: string, message: string]>([
    ['under a negation', 'a.js', 'function f(s) {\n  if (!s.user.blocked) return 1;\n}\n', 2, 'TypeError', undefinedRead('blocked')],
    ['in an inequality', 'a.js', "function f(s) {\n  return s.user.role !== 'guest';\n}\n", 2, 'TypeError', undefinedRead('role')],
    ['where it is compared with what may be missing too', 'a.py', 'def f(t, u, g):\n    return t[u] == g\n', 2, 'KeyError', "'bob'"],
    [
      'in what decides whether somebody may',
      'a.js',
      'function mayEnter(s) {\n  return s.user.level;\n}\n',
      2,
      'TypeError',
      undefinedRead('level'),
    ],
    [
      'in a question of Go',
      'a.go',
      go('func Blocked(u *User) bool {\n\treturn u.B\n}\n'),
      4,
      'panic',
      'runtime error: invalid memory address or nil pointer dereference',
    ],
    [
      'where the code throws by itself',
      'a.js',
      "function f(a) {\n  if (!a) throw new TypeError('a.b is not a function');\n}\n",
      2,
      'TypeError',
      'a.b is not a function',
    ],
    ['where it asserts', 'a.py', 'def f(a):\n    assert a["k"]\n', 2, 'KeyError', "'k'"],
    ['where it panics by itself', 'a.go', go('func F(v []int) {\n\tpanic("index out of range")\n}\n'), 4, 'panic', 'index out of range'],
    ['for what the host should set', 'a.py', 'import os\ndef f():\n    return os.environ["URL"]\n', 3, 'KeyError', "'URL'"],
    [
      'where a lock would wait for itself',
      'a.go',
      go(`${counter}\nfunc (c *C) Twice(k string) {\n\tc.m[k]++\n\tc.Add(k)\n}\n`),
      8,
      'fatal error',
      'concurrent map writes',
    ],
  ])('%s', async (_what, path, text, line, type, message) => {
    expect(await texts(path, text, line, type, message)).toEqual([]);
  });
});

describe('misspelt settings', () => {
  const inFile = async (path: string, text: string, message: string, more: Partial<PatternProblem> = {}) => {
    const settings = text.split('\n').map((line, index) => ({ path, line: index + 1, text: line }));
    return texts(path, text, 1, more.type ?? '', message, { places: [], settings, ...more });
  };
  it.each([
    [
      'a.service',
      "/etc/systemd/system/a.service:2: Unknown key name 'ExecStrat' in section 'Service', ignoring.",
      '[Service]\nExecStrat=/bin/a\n',
      'ExecStart=/bin/a',
    ],
    ['b.timer', "b.timer:1: Unknown section 'Tiemr'. Ignoring.", '[Tiemr]\nOnCalendar=daily\n', '[Timer]'],
    ['n.conf', 'unknown directive "proxy_pas" in /etc/nginx/n.conf:1', 'proxy_pas http://a;\n', 'proxy_pass http://a;'],
    ['sshd_config', '/etc/ssh/sshd_config: line 1: Bad configuration option: PermitRotLogin', 'PermitRotLogin no\n', 'PermitRootLogin no'],
    [
      'p.yml',
      'line 2: field scrape_intervall not found in type config.plain',
      'global:\n  scrape_intervall: 15s\n  evaluation_interval: 15s\nx:\n  scrape_interval: 5s\n',
      'scrape_interval: 15s',
    ],
  ])('in %s are what the program knows', async (path, message, text, expected) => {
    expect((await inFile(path, text, message))[0]).toContain(expected);
  });

  it('are none where nothing, or more than one word, is near', async () => {
    expect(await inFile('a.service', '[Service]\nFrobnicate=1\n', "Unknown key name 'Frobnicate' in section 'Service'")).toEqual([]);
    expect(await inFile('p.yml', 'levex: 1\nlevel: 2\nlever: 3\n', "unknown option 'levex'")).toEqual([]);
  });

  it('are the key that the code reads and the configuration spells otherwise', async () => {
    const code = "def timeout(c):\n    return c['timeout_seconds']\n";
    const conf = 'queue = a\ntimeout_secons = 3\n';
    const problem = {
      places: [{ path: 'w.py', line: 2, column: undefined, function: undefined }],
      files: new Map([
        ['w.py', code],
        ['w.conf', conf],
      ]),
      settings: [
        { path: 'w.conf', line: 2, text: 'timeout_secons = 3' },
        { path: 'w.py', line: 2, text: "    return c['timeout_seconds']" },
      ],
    };
    const [first] = await texts('w.py', code, 2, 'KeyError', "'timeout_seconds'", problem);
    expect(first).toBe('queue = a\ntimeout_seconds = 3\n');
    // What other code reads by that spelling is its own setting.
    const read = { ...problem, settings: [...problem.settings, { path: 'x.py', line: 1, text: "c['timeout_secons']" }] };
    expect((await texts('w.py', code, 2, 'KeyError', "'timeout_seconds'", read))[0]).not.toContain('queue');
  });

  it('are the path of a module that no file bears', async () => {
    const text = "import { sum } from './numbres.js';\n";
    const paths = ['src/cart.js', 'src/numbers.js'];
    const more = {
      places: [],
      paths,
      settings: [{ path: 'src/cart.js', line: 1, text: text.trimEnd() }],
    };
    const message = "Cannot find module '/srv/app/src/numbres.js' imported from /srv/app/src/cart.js";
    expect(await texts('src/cart.js', text, 1, 'Error', message, more)).toEqual(["import { sum } from './numbers.js';\n"]);
  });
});
