// What the built-in engine answers to a problem: reverts of the suspect change, and guards that fit the message.
// Must never demand one wording of a guard where several are right; the sandbox judges those elsewhere.
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../base/syntax-tree.ts';
import { createBuiltinEngine } from '../../../coordinator/model/providers/builtin/builtin-engine.ts';
import type { PatternCandidate, PatternProblem } from '../../../coordinator/model/pattern-engine.ts';

const engine = createBuiltinEngine(createSyntaxTrees());

async function propose(
  path: string,
  text: string,
  line: number,
  type: string,
  message: string,
  more: Partial<PatternProblem> = {},
): Promise<readonly PatternCandidate[]> {
  const places = [{ path, line, column: undefined, function: undefined }];
  return engine.propose({
    type,
    message,
    language: undefined,
    places,
    suspects: [],
    settings: [],
    paths: [path],
    files: new Map([[path, text]]),
    ...more,
  });
}

async function firstText(...problem: Parameters<typeof propose>): Promise<string | undefined> {
  return (await propose(...problem))[0]?.files.get(problem[0]);
}

describe('guards for JavaScript', () => {
  it.each([
    ['return sum * (1 - coupon.percent / 100);', "Cannot read properties of undefined (reading 'percent')", '(coupon?.percent ?? 0)'],
    ['return user.name;', "Cannot read property 'name' of null", 'user?.name'],
    ['return list.map((x) => x);', "Cannot read properties of undefined (reading 'map')", '(list ?? []).map'],
    ['counts[w][sku] = n;', "Cannot set properties of undefined (setting 'a')", '(counts[w] ??= {})[sku] = n'],
    ['for (const x of items) use(x);', 'items is not iterable', 'of (items ?? [])'],
    ['done(result);', 'done is not a function', 'done?.(result)'],
    ['return Object.keys(options);', 'Cannot convert undefined or null to object', 'Object.keys(options ?? {})'],
  ])('%s', async (line, message, expected) => {
    expect(
      await firstText(
        'a.js',
        `function f(coupon, user, list, counts, w, sku, n, items, done, result, options, sum) {\n  ${line}\n}\n`,
        2,
        'TypeError',
        message,
      ),
    ).toContain(expected);
  });

  it('import what is missing, the way the file imports', async () => {
    expect(await firstText('a.mjs', "import x from 'x';\npath.join(x);\n", 2, 'ReferenceError', 'path is not defined')).toContain(
      "import * as path from 'node:path';",
    );
    expect(await firstText('a.cjs', "'use strict';\npath.join('x');\n", 2, 'ReferenceError', 'path is not defined')).toContain(
      "const path = require('node:path');",
    );
  });
});

describe('guards for Python', () => {
  it.each([
    ["total += row['price']", 'KeyError', "'price'", "row.get('price', 0)"],
    ['counts[key] += 1', 'KeyError', "'x'", 'counts[key] = counts.get(key, 0) + 1'],
    ['groups[key].append(row)', 'KeyError', "'x'", 'groups.setdefault(key, []).append(row)'],
    ['return user.name.strip()', 'AttributeError', "'NoneType' object has no attribute 'strip'", "(user.name or '').strip()"],
    ['return total / count', 'ZeroDivisionError', 'division by zero', '(total / count if count else 0)'],
    ['return rows[0]', 'IndexError', 'list index out of range', '(rows[0] if rows else None)'],
    ["total += int(row['amount'])", 'ValueError', "invalid literal for int() with base 10: ''", "int(row['amount'] or 0)"],
    ["label = 'n' + count", 'TypeError', 'can only concatenate str (not "int") to str', "'n' + str(count)"],
    ['return json.dumps(row)', 'NameError', "name 'json' is not defined", 'import json\n'],
  ])('%s', async (line, type, message, expected) => {
    expect(
      await firstText('a.py', `def f(row, counts, key, groups, user, total, count, rows):\n    ${line}\n`, 2, type, message),
    ).toContain(expected);
  });

  it('give a parameter the default that a caller lacks', async () => {
    expect(
      await firstText(
        'a.py',
        'def send(to, text):\n    pass\n\nsend(1)\n',
        4,
        'TypeError',
        "send() missing 1 required positional argument: 'text'",
      ),
    ).toContain('def send(to, text=None)');
  });
});

describe('guards for Go', () => {
  const store = (line: string): string =>
    `package a\n\nimport "os"\n\ntype Store struct{ counts map[string]map[string]int }\n\nfunc (s *Store) Add(w, k string, list []int, i int, d *os.File) (int, error) {\n\t${line}\n\treturn 0, nil\n}\n`;
  it.each([
    [
      's.counts[w][k] += 1',
      'assignment to entry in nil map',
      'if s.counts[w] == nil {\n\t\ts.counts[w] = make(map[string]int)\n\t}\n\ts.counts[w][k] += 1',
    ],
    ['s.counts[w] = nil', 'assignment to entry in nil map', 's.counts = make(map[string]map[string]int)'],
    [
      'i = list[i]',
      'runtime error: index out of range [3] with length 3',
      'if i < 0 || i >= len(list) {\n\t\treturn 0, errors.New("list can be shorter',
    ],
    ['i = 10 / i', 'runtime error: integer divide by zero', 'if i == 0 {\n\t\treturn 0, errors.New("i can be zero")'],
    [
      'w = d.Name()',
      'runtime error: invalid memory address or nil pointer dereference',
      'if d == nil {\n\t\treturn 0, errors.New("d can be nil")',
    ],
    ['for _, n := range list {\n\t\tlist[n]++\n\t}', 'runtime error: index out of range [3] with length 3', 'continue'],
  ])('%s', async (line, message, expected) => {
    expect(await firstText('a.go', store(line), line.startsWith('for') ? 9 : 8, 'panic', message)).toContain(expected);
  });

  it('are none where the type of the map is not in the file', async () => {
    expect(
      await propose('a.go', 'package a\n\nfunc f() {\n\tother.Counts["a"] = 1\n}\n', 4, 'panic', 'assignment to entry in nil map'),
    ).toEqual([]);
  });
});

describe('guards for Java', () => {
  const shop = (line: string): string =>
    `class Shop {\n  int total(String name, java.util.Map<String, Integer> prices, int[] list, int i, User user, java.util.Optional<User> found) {\n    ${line}\n    return 1;\n  }\n}\n`;
  it.each([
    [
      'int n = name.trim().length();',
      'NullPointerException',
      'Cannot invoke "String.trim()" because "<parameter1>" is null',
      '(name == null ? "" : name).trim()',
    ],
    [
      'int p = prices.get(name);',
      'NullPointerException',
      'Cannot invoke "java.lang.Integer.intValue()" because the return value of "java.util.Map.get(Object)" is null',
      'prices.getOrDefault(name, 0)',
    ],
    ['user.touch();', 'NullPointerException', 'Cannot invoke "User.touch()" because "user" is null', 'if (user == null) return 0;'],
    ['User u = found.get();', 'NoSuchElementException', 'No value present', 'if (found.isEmpty()) return 0;'],
    [
      'int x = list[i];',
      'ArrayIndexOutOfBoundsException',
      'Index 3 out of bounds for length 3',
      'if (i < 0 || i >= list.length) return 0;',
    ],
    ['int x = 10 / i;', 'ArithmeticException', '/ by zero', '(i == 0 ? 0 : 10 / i)'],
  ])('%s', async (line, type, message, expected) => {
    expect(await firstText('Shop.java', shop(line), 3, `java.lang.${type}`, message)).toContain(expected);
  });
});

describe('misspelt names', () => {
  it.each([
    [
      'a.js',
      'function f(items) {\n  let amount = 0;\n  for (const x of items) amout += x;\n  return amount;\n}\n',
      3,
      'ReferenceError',
      'amout is not defined',
      'amount += x',
    ],
    [
      'a.py',
      'class C:\n    def __init__(self):\n        self.items = []\n    def n(self):\n        return len(self.itmes)\n',
      5,
      'AttributeError',
      "'C' object has no attribute 'itmes'",
      'len(self.items)',
    ],
    ['a.py', 'def f(price):\n    return prise * 2\n', 2, 'NameError', "name 'prise' is not defined. Did you mean: 'price'?", 'price * 2'],
  ])('of %s are corrected: %s', async (path, text, line, type, message, expected) => {
    expect(await firstText(path, text, line, type, message)).toContain(expected);
  });

  it('are left alone where two names are equally near', async () => {
    const text = 'function f(cart, card) {\n  return cars + cart + card;\n}\n';
    expect(await propose('a.js', text, 2, 'ReferenceError', 'cars is not defined')).toEqual([]);
  });
});

describe('loops that go one too far', () => {
  it.each([
    [
      'a.js',
      'function f(a) {\n  for (let i = 0; i <= a.length; i++) {\n    use(a[i].x);\n  }\n}\n',
      3,
      'TypeError',
      "Cannot read properties of undefined (reading 'x')",
      'i < a.length',
    ],
    [
      'A.java',
      'class A { void f(int[] a) {\n  for (int i = 0; i <= a.length; i++) {\n    use(a[i]);\n  }\n} }\n',
      3,
      'java.lang.ArrayIndexOutOfBoundsException',
      'Index 3 out of bounds for length 3',
      'i < a.length',
    ],
    [
      'a.go',
      'package a\n\nfunc f(a []int) {\n\tfor i := 0; i <= len(a); i++ {\n\t\tuse(a[i])\n\t}\n}\n',
      5,
      'panic',
      'runtime error: index out of range [3] with length 3',
      'i < len(a)',
    ],
    [
      'a.py',
      'def f(a):\n    for i in range(len(a) + 1):\n        use(a[i])\n',
      3,
      'IndexError',
      'list index out of range',
      'range(len(a))',
    ],
  ])('in %s end at the last element', async (path, text, line, type, message, expected) => {
    expect(await firstText(path, text, line, type, message)).toContain(expected);
  });

  it('are left alone where the failing line looks up with something else', async () => {
    const text = 'function f(a, b, k) {\n  for (let i = 0; i <= a.length; i++) {\n    use(b[k].x);\n  }\n}\n';
    const all = await propose('a.js', text, 3, 'TypeError', "Cannot read properties of undefined (reading 'x')");
    expect(all.filter(({ pattern }) => pattern === 'off-by-one')).toEqual([]);
  });
});

describe('files, numbers and imports', () => {
  it.each([
    [
      'a.py',
      'def load(path):\n    with open(path) as f:\n        return json.load(f)\n',
      2,
      'FileNotFoundError',
      "[Errno 2] No such file or directory: 'x'",
      'except FileNotFoundError:\n        return {}',
    ],
    [
      'a.py',
      'def f(m):\n    match = P.match(m)\n    return int(match.group(1))\n',
      3,
      'AttributeError',
      "'NoneType' object has no attribute 'group'",
      'match is None',
    ],
    [
      'a.py',
      'def f(parts):\n    return parts[1].title()\n',
      2,
      'IndexError',
      'list index out of range',
      "(parts[1].title() if len(parts) > 1 else '')",
    ],
    [
      'A.java',
      'class A { int f(String s) {\n  return Integer.parseInt(s);\n} }\n',
      2,
      'NumberFormatException',
      'For input string: " 80"',
      'parseInt(s.trim())',
    ],
    [
      'a.mjs',
      "import x from 'x';\nexport const a = join('a', x);\n",
      2,
      'ReferenceError',
      'join is not defined',
      "import { join } from 'node:path';",
    ],
  ])('in %s are tolerated or found: %s', async (path, text, line, type, message, expected) => {
    const texts = (await propose(path, text, line, type, message)).map(({ files }) => files.get(path) ?? '');
    expect(texts.some((one) => one.includes(expected))).toBe(true);
  });

  it('that are opened for writing are none of it', async () => {
    const text = "def save(path):\n    with open(path, 'w') as f:\n        return f.write('x')\n";
    expect(await propose('a.py', text, 2, 'FileNotFoundError', "[Errno 2] No such file or directory: 'x/y'")).toEqual([]);
  });
});

describe('mistakes that the message names outright', () => {
  it.each([
    [
      'a.js',
      'function f(a) {\n  const total = 0;\n  for (const x of a) total += x;\n}\n',
      3,
      'TypeError',
      'Assignment to constant variable.',
      'let total = 0',
    ],
    [
      'a.js',
      'const f = (a) =>\n  a.reduce((x, y) => (y.length > x.length ? y : x));\n',
      2,
      'TypeError',
      'Reduce of empty array with no initial value',
      "y : x), '')",
    ],
    [
      'a.js',
      'async function g() {\n  return { a: 1 };\n}\nasync function f() {\n  const r = g();\n  return r.a.b;\n}\n',
      6,
      'TypeError',
      "Cannot read properties of undefined (reading 'b')",
      '= await g()',
    ],
    [
      'a.py',
      'def f(d):\n    for k in d:\n        del d[k]\n',
      2,
      'RuntimeError',
      'dictionary changed size during iteration',
      'for k in list(d):',
    ],
    ['a.py', 'def f(t):\n    return hashlib.md5(t)\n', 2, 'TypeError', 'Strings must be encoded before hashing', 'md5(t.encode())'],
    [
      'a.py',
      'def f(p):\n    if p:\n        m = 1\n    return m\n',
      4,
      'UnboundLocalError',
      "cannot access local variable 'm' where it is not associated with a value",
      '    m = None\n    if p:',
    ],
    [
      'A.java',
      'class A { void f(List<Integer> l) {\n  for (Integer i : l) {\n    l.remove(i);\n  }\n} }\n',
      2,
      'java.util.ConcurrentModificationException',
      '',
      ': new java.util.ArrayList<>(l))',
    ],
  ])('in %s are mended: %s', async (path, text, line, type, message, expected) => {
    expect(await firstText(path, text, line, type, message)).toContain(expected);
  });

  it('are left alone where a function may not wait', async () => {
    const text = 'async function g() {\n  return 1;\n}\nfunction f() {\n  const r = g();\n  return r.a.b;\n}\n';
    const all = await propose('a.js', text, 6, 'TypeError', "Cannot read properties of undefined (reading 'b')");
    expect(all.filter(({ pattern }) => pattern === 'missing-await')).toEqual([]);
  });
});

describe('reverts', () => {
  const before = 'def f(x):\n    if x is None:\n        return 0\n    return x.size\n';
  const after = 'def f(x):\n    return x.size\n';
  const diff = '--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,2 @@\n def f(x):\n-    if x is None:\n-        return 0\n     return x.size\n';
  const suspects = [{ hash: 'c0ffee'.padEnd(40, '0'), subject: 'Simplify', diff }];

  it('restore what the suspect commit took away, and come before a guard', async () => {
    const candidates = await propose('a.py', after, 2, 'AttributeError', "'NoneType' object has no attribute 'size'", { suspects });
    expect(candidates[0]).toMatchObject({ pattern: 'revert', reverts: suspects[0]?.hash, loses: 0 });
    expect(candidates[0]?.files.get('a.py')).toBe(before);
    expect(candidates.some(({ pattern }) => pattern === 'none-dereference')).toBe(true);
  });

  it('restore the failing line alone where the same hunk added something else', async () => {
    const was = 'def vat(customer):\n    country = customer.get("country", "DE")\n    rates = {"DE": 19}\n    return rates[country]\n';
    const is =
      'def vat(customer):\n    country = customer["country"]\n    rates = {"DE": 19, "AT": 20}\n    rates["CH"] = 8\n    return rates[country]\n';
    const hunk = [
      '@@ -1,4 +1,5 @@',
      ' def vat(customer):',
      '-    country = customer.get("country", "DE")',
      '-    rates = {"DE": 19}',
      '+    country = customer["country"]',
      '+    rates = {"DE": 19, "AT": 20}',
      '+    rates["CH"] = 8',
      '     return rates[country]',
    ];
    const more = {
      suspects: [{ hash: 'c0ffee'.padEnd(40, '0'), subject: 'Add', diff: ['--- a/a.py', '+++ b/a.py', ...hunk, ''].join('\n') }],
    };
    const candidates = await propose('a.py', is, 2, 'KeyError', "'country'", more);
    const line = (text: string): string => text.split('\n')[1] ?? '';
    expect(candidates[0]).toMatchObject({ pattern: 'revert', loses: 0 });
    expect(candidates[0]?.files.get('a.py')).toBe(is.replace(line(is), line(was)));
    const firstGuard = candidates.findIndex(({ pattern }) => pattern !== 'revert');
    expect(candidates.slice(0, firstGuard).every(({ loses }) => loses === 0)).toBe(true);
    expect(candidates.map(({ files }) => files.get('a.py'))).toContain(was);
  });

  it('find their place where the file has moved on since', async () => {
    const [first] = await propose(
      'a.py',
      `import os\n\n\n${after}\n\ndef g():\n    pass\n`,
      5,
      'AttributeError',
      "'NoneType' object has no attribute 'size'",
      { suspects },
    );
    expect(first?.files.get('a.py')).toBe(`import os\n\n\n${before}\n\ndef g():\n    pass\n`);
  });

  it('are not made of a commit that created the file, or whose lines are gone', async () => {
    const created = [
      { ...suspects[0], hash: 'a', subject: 'b', diff: `--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,2 @@\n+def f(x):\n+    return x.size\n` },
    ];
    expect(await propose('a.py', after, 2, 'Error', 'odd', { suspects: created })).toEqual([]);
    expect(await propose('a.py', 'def g(y):\n    return y\n', 2, 'Error', 'odd', { suspects })).toEqual([]);
  });
});

describe('limits', () => {
  const conf = 'server {\n    client_max_body_size 1m;\n}\n';
  const raise = async (text: string, message: string, others: readonly string[] = []): Promise<readonly (string | undefined)[]> => {
    const settings = text.split('\n').map((line, index) => ({ path: 'a.conf', line: index + 1, text: line }));
    const peers = others.map((line) => ({ path: 'limits.js', line: 1, text: line }));
    const candidates = await propose('a.conf', text, 1, '', message, { places: [], settings: [...settings, ...peers] });
    return candidates.map(({ files }) => files.get('a.conf'));
  };
  const tooLarge = 'client intended to send too large body: 5242880 bytes';

  it.each([
    [conf, tooLarge, 'client_max_body_size 8m;'],
    [
      'location / { proxy_read_timeout 60s; }',
      'upstream timed out (110: Connection timed out) while reading response header',
      'proxy_read_timeout 120s',
    ],
    ['"start": "node --max-old-space-size=512 a.js"', 'FATAL ERROR: JavaScript heap out of memory', '--max-old-space-size=1024'],
    ['JAVA_OPTS="-Xmx256m"', 'Java heap space', '-Xmx512m'],
    ['LimitNOFILE=1024', 'accept4: Too many open files', 'LimitNOFILE=2048'],
    ['memory_limit = 128M', 'Allowed memory size of 134217728 bytes exhausted', 'memory_limit = 256M'],
  ])('%s', async (text, message, expected) => {
    expect((await raise(text, message))[0]).toContain(expected);
  });

  it('are first raised to what the code itself allows, if that is enough', async () => {
    expect((await raise(conf, tooLarge, ['const MAX_UPLOAD_BYTES = 20 * 1024 * 1024;']))[0]).toContain('client_max_body_size 20m;');
    expect((await raise(conf, tooLarge, ["multer({ limits: { fileSize: '2mb' } })"]))[0]).toContain('client_max_body_size 8m;');
  });

  it('that hold what was needed, are off, or stand in a comment are left alone', async () => {
    expect(await raise('client_max_body_size 8m;', tooLarge)).toEqual([]);
    expect(await raise('client_max_body_size 0;', tooLarge)).toEqual([]);
    expect(await raise('# client_max_body_size 1m;', tooLarge)).toEqual([]);
  });
});

it('proposes nothing for a problem of the surroundings', async () => {
  expect(await propose('a.js', 'function f(a) {\n  return a.b;\n}\n', 2, 'Error', "getaddrinfo EAI_AGAIN (reading 'b')")).toEqual([]);
});
