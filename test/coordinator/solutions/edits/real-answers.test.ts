// Whole answers as models of all sizes write them, slips and all: each ends in the files that were meant, or is refused for the right reason.
// Must never hold a slip that is read by guessing what was meant.
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../../base/syntax-tree.ts';
import { applyEdits } from '../../../../coordinator/solutions/edits/apply.ts';
import { readResponse } from '../../../../coordinator/solutions/edits/response-reader.ts';

const trees = createSyntaxTrees();

type Files = Readonly<Record<string, string>>;

/** Changed files by path (`null` is deleted), or the reason of the refusal. */
async function outcomeOf(files: Files, answer: string): Promise<Readonly<Record<string, string | null>> | string> {
  const reading = readResponse(answer);
  if (reading.kind === 'refused') return reading.reason;
  const set = { paths: new Set(Object.keys(files)), links: new Set<string>(), read: (path: string) => files[path] };
  const outcome = await applyEdits(set, reading.edits, { allowedPaths: [], trees });
  return outcome.kind === 'refused' ? outcome.reason : outcome.files;
}

const fence = '```';
const block = (search: string, replace: string): string => `<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE`;

const goCode = `package store

import "fmt"

// Get finds an item.
func (s *Store) Get(id string) (*Item, error) {
	item := s.items[id]
	if item.Deleted {
		return nil, fmt.Errorf("item %s is gone", id)
	}
	return item, nil
}

func (s *Store) Len() int {
	return len(s.items)
}
`;
const goGuard = goCode.replace(
  '\titem := s.items[id]\n',
  '\titem, ok := s.items[id]\n\tif !ok {\n\t\treturn nil, fmt.Errorf("no item %s", id)\n\t}\n',
);

const pyCode = `import json

from flask import Flask

app = Flask(__name__)


@app.route("/orders/<id>")
@login_required
def order(id):
    """One order."""
    row = find(id)
    return json.dumps(row.total)


def find(id):
    return rows.get(id)
`;
const pyGuard = pyCode.replace('    row = find(id)\n', '    row = find(id)\n    if row is None:\n        abort(404)\n');

const javaCode = `package com.acme;

public class Cart {
    private final Map<String, Item> items = new HashMap<>();

    /** The price of one item. */
    @Override
    public int price(String sku) {
        Item item = items.get(sku);
        return item.price();
    }
}
`;
const javaGuard = javaCode.replace('        return item.price();\n', '        return item == null ? 0 : item.price();\n');

const jsCode = `export function total(cart) {
  let sum = 0;
  for (const item of cart.items) {
    sum += item.price;
  }
  return sum;
}

/** Names of all items. */
export const names = (cart) => cart.items.map((item) => item.name);
`;
const jsGuard = jsCode.replace('cart.items) {', 'cart.items ?? []) {');
const jsBlock = block('  for (const item of cart.items) {', '  for (const item of cart.items ?? []) {');

const rubyCode = 'class Cart\n  def total\n    items.sum { |item| item.price }\n  end\nend\n';
const rustCode = 'fn main() {\n    let port: u16 = env("PORT").unwrap();\n    serve(port);\n}\n';
const yamlCode = 'server:\n  port: 80\n  limits:\n    body: 1m\n    header: 8k\n';
const htmlCode = '<ul>\n  <li>A &amp; B</li>\n  <li class="x">C</li>\n</ul>\n';
const readme = 'Shop\n=======\n\nRun it:\n\n```sh\nnpm start\n```\n\nEnd.\n';

const applied: readonly (readonly [string, Files, string, Readonly<Record<string, string | null>>])[] = [
  [
    'a diff without hunk headers',
    { 'src/cart.js': jsCode },
    `${fence}diff\n--- a/src/cart.js\n+++ b/src/cart.js\n   let sum = 0;\n-  for (const item of cart.items) {\n+  for (const item of cart.items ?? []) {\n     sum += item.price;\n${fence}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'a diff without file headers below a path',
    { 'src/cart.js': jsCode },
    `**src/cart.js**\n\n${fence}diff\n-  for (const item of cart.items) {\n+  for (const item of cart.items ?? []) {\n${fence}\n`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'a diff whose hunk header has only ellipses',
    { 'store.go': goCode },
    `${fence}diff\n--- store.go\n+++ store.go\n@@ ... @@ func (s *Store) Get\n-\titem := s.items[id]\n+\titem, ok := s.items[id]\n+\tif !ok {\n+\t\treturn nil, fmt.Errorf("no item %s", id)\n+\t}\n${fence}`,
    { 'store.go': goGuard },
  ],
  [
    'a diff with wrong counts and a wrong line',
    { 'app/views.py': pyCode },
    `--- a/app/views.py\n+++ b/app/views.py\n@@ -40,3 +40,9 @@ def order(id):\n     """One order."""\n     row = find(id)\n+    if row is None:\n+        abort(404)\n     return json.dumps(row.total)\n`,
    { 'app/views.py': pyGuard },
  ],
  [
    'a diff of which blank lines lost their blank',
    { 'store.go': goCode },
    `${fence}diff\ndiff --git a/store.go b/store.go\n--- a/store.go\n+++ b/store.go\n@@ -10,6 +10,6 @@\n \treturn item, nil\n }\n\n func (s *Store) Len() int {\n-\treturn len(s.items)\n+\treturn len(s.items) + 0\n }\n${fence}`,
    { 'store.go': goCode.replace('len(s.items)\n', 'len(s.items) + 0\n') },
  ],
  [
    'a diff of a file with CRLF',
    { 'a.js': jsCode.replaceAll('\n', '\r\n') },
    `--- a/a.js\n+++ b/a.js\n@@ -3 +3 @@\n-  for (const item of cart.items) {\n+  for (const item of cart.items ?? []) {\n`,
    { 'a.js': jsGuard.replaceAll('\n', '\r\n') },
  ],
  [
    'two hunks in one file',
    { 'src/cart.js': jsCode },
    `--- a/src/cart.js\n+++ b/src/cart.js\n@@ -1,3 +1,3 @@\n export function total(cart) {\n-  let sum = 0;\n+  let sum = 0.0;\n   for (const item of cart.items) {\n@@ -10 +10 @@\n-export const names = (cart) => cart.items.map((item) => item.name);\n+export const names = (cart) => cart.items.map(({ name }) => name);\n`,
    { 'src/cart.js': jsCode.replace('0;', '0.0;').replace('(item) => item.name', '({ name }) => name') },
  ],
  [
    'a patch between asterisks, with a class as anchor',
    { 'Cart.java': javaCode },
    `*** Begin Patch\n*** Update File: Cart.java\n@@ public int price(String sku) {\n-        return item.price();\n+        return item == null ? 0 : item.price();\n*** End Patch`,
    { 'Cart.java': javaGuard },
  ],
  [
    'thoughts with a draft in them, then the answer',
    { 'src/cart.js': jsCode },
    `<think>\nMaybe:\nsrc/cart.js\n${block('  let sum = 0;', '  let sum = null;')}\nNo, the loop is it.\n</think>\n\nsrc/cart.js\n${jsBlock}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'thoughts that were never closed before the answer',
    { 'src/cart.js': jsCode },
    `The loop fails.\n</think>\nsrc/cart.js\n${jsBlock}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'the same block twice',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${jsBlock}\n\nTo repeat it:\n\nsrc/cart.js\n${jsBlock}\n`,
    { 'src/cart.js': jsGuard },
  ],
  ['a path with a line number', { 'src/cart.js': jsCode }, `src/cart.js:3\n${jsBlock}`, { 'src/cart.js': jsGuard }],
  [
    'a path with lines in words',
    { 'src/cart.js': jsCode },
    `### \`src/cart.js\` (lines 2-4)\n${fence}js\n${jsBlock}\n${fence}`,
    { 'src/cart.js': jsGuard },
  ],
  ['a path called a file path', { 'src/cart.js': jsCode }, `File path: src/cart.js\n${jsBlock}`, { 'src/cart.js': jsGuard }],
  [
    'a numbered step with a path in bold',
    { 'src/cart.js': jsCode },
    `1. **File: \`src/cart.js\`**\n${jsBlock}`,
    { 'src/cart.js': jsGuard },
  ],
  ['a path in the fence', { 'src/cart.js': jsCode }, `${fence}javascript:src/cart.js\n${jsBlock}\n${fence}`, { 'src/cart.js': jsGuard }],
  [
    'a path as a title in the fence',
    { 'src/cart.js': jsCode },
    `${fence}javascript title="src/cart.js"\n${jsBlock}\n${fence}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'a path as a comment inside the fence',
    { 'src/cart.js': jsCode },
    `${fence}js\n// src/cart.js\n${jsBlock}\n${fence}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'an absolute path of the host',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${jsBlock.replace('SEARCH', 'SEARCH src/cart.js')}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'a block in a list, all of it indented',
    { 'app/views.py': pyCode },
    `- app/views.py\n  <<<<<<< SEARCH\n      row = find(id)\n      return json.dumps(row.total)\n  =======\n      row = find(id)\n      if row is None:\n          abort(404)\n      return json.dumps(row.total)\n  >>>>>>> REPLACE\n`,
    { 'app/views.py': pyGuard },
  ],
  [
    'a first line without its indentation',
    { 'app/views.py': pyCode },
    `app/views.py\n${block('row = find(id)\n    return json.dumps(row.total)', 'row = find(id)\n    if row is None:\n        abort(404)\n    return json.dumps(row.total)')}`,
    { 'app/views.py': pyGuard },
  ],
  [
    'spaces where Go has tabs',
    { 'store.go': goCode },
    `store.go\n${block('    item := s.items[id]\n    if item.Deleted {', '    item, ok := s.items[id]\n    if !ok {\n        return nil, fmt.Errorf("no item %s", id)\n    }\n    if item.Deleted {')}`,
    { 'store.go': goGuard },
  ],
  [
    'a blank line that was left out',
    { 'a.py': 'def f(x):\n    y = g(x)\n\n    z = h(y)\n\n    return z.value\n' },
    `a.py\n${block('    y = g(x)\n    z = h(y)\n    return z.value', '    y = g(x)\n    z = h(y)\n    return None if z is None else z.value')}`,
    { 'a.py': 'def f(x):\n    y = g(x)\n\n    z = h(y)\n\n    return None if z is None else z.value\n' },
  ],
  [
    'line numbers in the search alone',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${block('2 |   let sum = 0;\n3 |   for (const item of cart.items) {', '  let sum = 0;\n  for (const item of cart.items ?? []) {')}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'line numbers with colons',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${block('2:  let sum = 0;\n3:  for (const item of cart.items) {', '2:  let sum = 0;\n3:  for (const item of cart.items ?? []) {')}`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'entities for angle brackets',
    { 'Cart.java': javaCode },
    `Cart.java\n${block('    private final Map&lt;String, Item&gt; items = new HashMap&lt;&gt;();', '    private final Map&lt;String, Item&gt; items = new ConcurrentHashMap&lt;&gt;();')}`,
    { 'Cart.java': javaCode.replace('new HashMap', 'new ConcurrentHashMap') },
  ],
  [
    'entities that the file itself has',
    { 'list.html': htmlCode },
    `list.html\n${block('  <li>A &amp; B</li>', '  <li>A &amp; B &amp; C</li>')}`,
    { 'list.html': htmlCode.replace('A &amp; B', 'A &amp; B &amp; C') },
  ],
  [
    'lines of equal signs in the text itself',
    { 'README.rst': readme },
    `README.rst\n${block('Shop\n=======\n\nRun it:', 'Shop\n=======\n\nRun it so:')}`,
    { 'README.rst': readme.replace('Run it:', 'Run it so:') },
  ],
  [
    'a whole file that holds fences',
    { 'README.md': readme },
    `FILE: README.md\n${fence}markdown\n${readme.replace('End.', 'The end.')}${fence}\n`,
    { 'README.md': readme.replace('End.', 'The end.') },
  ],
  [
    'a whole file in a deeper fence',
    { 'README.md': readme },
    `README.md\n${fence}\`md\n${readme.replace('End.', 'The end.')}${fence}\`\n`,
    { 'README.md': readme.replace('End.', 'The end.') },
  ],
  [
    'a whole file whose path is a comment in it',
    { 'src/cart.js': jsCode },
    `Here is the fixed file:\n\n${fence}js\n// src/cart.js\n${jsGuard}${fence}\nThat is all.`,
    { 'src/cart.js': jsGuard },
  ],
  [
    'a whole file without its last newline',
    { 'conf/a.yaml': yamlCode.trimEnd() },
    `conf/a.yaml\n${fence}yaml\n${yamlCode.replace('1m', '8m')}${fence}`,
    { 'conf/a.yaml': yamlCode.replace('1m', '8m').trimEnd() },
  ],
  [
    'a function with its decorators',
    { 'app/views.py': pyCode },
    `FUNCTION: order in app/views.py\n${fence}python\n@app.route("/orders/<id>")\n@login_required\ndef order(id):\n    """One order."""\n    row = find(id)\n    if row is None:\n        abort(404)\n    return json.dumps(row.total)\n${fence}`,
    { 'app/views.py': pyGuard },
  ],
  [
    'a function without its decorators',
    { 'app/views.py': pyCode },
    `FUNCTION: order in app/views.py\n${fence}python\ndef order(id):\n    """One order."""\n    row = find(id)\n    if row is None:\n        abort(404)\n    return json.dumps(row.total)\n${fence}`,
    { 'app/views.py': pyGuard },
  ],
  [
    'a method with its comment and annotation',
    { 'Cart.java': javaCode },
    `FUNCTION: Cart.price in Cart.java\n${fence}java\n/** The price of one item. */\n@Override\npublic int price(String sku) {\n    Item item = items.get(sku);\n    return item == null ? 0 : item.price();\n}\n${fence}`,
    { 'Cart.java': javaGuard },
  ],
  [
    'a Go method with its comment',
    { 'store.go': goCode },
    `FUNCTION: Get in store.go\n${fence}go\n// Get finds an item.\nfunc (s *Store) Get(id string) (*Item, error) {\n\titem, ok := s.items[id]\n\tif !ok {\n\t\treturn nil, fmt.Errorf("no item %s", id)\n\t}\n\tif item.Deleted {\n\t\treturn nil, fmt.Errorf("item %s is gone", id)\n\t}\n\treturn item, nil\n}\n${fence}`,
    { 'store.go': goGuard },
  ],
  [
    'an arrow function',
    { 'src/cart.js': jsCode },
    `FUNCTION: names in src/cart.js\n${fence}js\nexport const names = (cart) => (cart.items ?? []).map((item) => item.name);\n${fence}`,
    { 'src/cart.js': jsCode.replace('=> cart.items.map', '=> (cart.items ?? []).map') },
  ],
  [
    'JSON with escaped line breaks escaped once more',
    { 'src/cart.js': jsCode },
    JSON.stringify({
      edits: [
        {
          op: 'replace',
          path: 'src/cart.js',
          search: '  let sum = 0;\\n  for (const item of cart.items) {\\n',
          replace: '  let sum = 0;\\n  for (const item of cart.items ?? []) {\\n',
        },
      ],
    }),
    { 'src/cart.js': jsGuard },
  ],
  [
    'JSON as an array of two edits',
    { 'src/cart.js': jsCode },
    `${fence}json\n${JSON.stringify([
      { path: 'src/cart.js', search: '  let sum = 0;', replace: '  let sum = 0.0;' },
      { path: 'src/cart.js', search: '  return sum;', replace: '  return sum + 0;' },
    ])}\n${fence}`,
    { 'src/cart.js': jsCode.replace('= 0;', '= 0.0;').replace('return sum;', 'return sum + 0;') },
  ],
  [
    'JSON after prose, with comments and a comma too many',
    { 'conf/a.yaml': yamlCode },
    `Here it is:\n${fence}json\n{\n  // one edit\n  "edits": [{ "op": "replace", "path": "conf/a.yaml", "search": "    body: 1m", "replace": "    body: 8m", },],\n}\n${fence}\nDone.`,
    { 'conf/a.yaml': yamlCode.replace('1m', '8m') },
  ],
  [
    'words after the last mark',
    { 'lib/cart.rb': rubyCode },
    `lib/cart.rb\n<<<<<<< SEARCH\n    items.sum { |item| item.price }\n=======\n    items.compact.sum { |item| item.price }\n>>>>>>> REPLACE (skips what is nil)\n\nThis skips nil.`,
    { 'lib/cart.rb': rubyCode.replace('items.sum', 'items.compact.sum') },
  ],
  [
    'marks of other lengths',
    { 'src/main.rs': rustCode },
    `src/main.rs\n<<<<<<<< SEARCH\n    let port: u16 = env("PORT").unwrap();\n========\n    let port: u16 = env("PORT").unwrap_or(80);\n>>>>>>>> REPLACE`,
    { 'src/main.rs': rustCode.replace('unwrap()', 'unwrap_or(80)') },
  ],
  [
    'existing code as a comment in both halves',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${block('export function total(cart) {\n  // ... existing code ...\n  return sum;\n}', 'export function total(cart) {\n  // ... existing code ...\n  return sum ?? 0;\n}')}`,
    { 'src/cart.js': jsCode.replace('return sum;', 'return sum ?? 0;') },
  ],
  [
    'a line taken away',
    { 'conf/a.yaml': yamlCode },
    'conf/a.yaml\n<<<<<<< SEARCH\n    header: 8k\n=======\n>>>>>>> REPLACE',
    { 'conf/a.yaml': yamlCode.replace('    header: 8k\n', '') },
  ],
  [
    'a new file beside a changed one',
    { 'src/cart.js': jsCode },
    `src/guard.js\n<<<<<<< SEARCH\n=======\nexport const orEmpty = (list) => list ?? [];\n>>>>>>> REPLACE\n\nsrc/cart.js\n${jsBlock}`,
    { 'src/guard.js': 'export const orEmpty = (list) => list ?? [];\n', 'src/cart.js': jsGuard },
  ],
  [
    'a block that builds on the one before',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${jsBlock}\nsrc/cart.js\n${block('  for (const item of cart.items ?? []) {\n    sum += item.price;', '  for (const item of cart.items ?? []) {\n    sum += item.price ?? 0;')}`,
    { 'src/cart.js': jsGuard.replace('item.price;', 'item.price ?? 0;') },
  ],
  [
    'the end of a file without a newline',
    { 'a.py': 'def f(x):\n    return x.y' },
    `a.py\n${block('    return x.y', '    return x and x.y')}`,
    { 'a.py': 'def f(x):\n    return x and x.y' },
  ],
  [
    'dollar signs and backslashes',
    { 'a.php': "<?php\n$re = '/^\\d+$/';\n$x = 1;\n" },
    `a.php\n${block("$re = '/^\\d+$/';", "$re = '/^\\d{1,9}$/';")}`,
    { 'a.php': "<?php\n$re = '/^\\d{1,9}$/';\n$x = 1;\n" },
  ],
];

const refused: readonly (readonly [string, Files, string, string])[] = [
  [
    'a sketch that leaves code out',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${fence}js\nexport function total(cart) {\n  if (!cart.items) return 0;\n  // ... rest of the function\n}\n${fence}`,
    'unpaired_ellipsis',
  ],
  [
    'a sketch between existing code',
    { 'src/cart.js': jsCode },
    `${fence}js\n// src/cart.js\n// ... existing code ...\nexport function total(cart) {\n  return 0;\n}\n// ... existing code ...\n${fence}`,
    'unpaired_ellipsis',
  ],
  [
    'a block without its end',
    { 'src/cart.js': jsCode },
    'src/cart.js\n<<<<<<< SEARCH\n  let sum = 0;\n=======\n  let sum = 1;\n',
    'unparseable_response',
  ],
  [
    'a block without a middle',
    { 'src/cart.js': jsCode },
    'src/cart.js\n<<<<<<< SEARCH\n  let sum = 0;\n>>>>>>> REPLACE\n',
    'unparseable_response',
  ],
  [
    'a block that stands at two places',
    { 'a.yaml': 'a:\n  port: 80\nb:\n  port: 80\n' },
    `a.yaml\n${block('  port: 80', '  port: 81')}`,
    'ambiguous_match',
  ],
  [
    'two blocks that overlap and differ',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${jsBlock}\nsrc/cart.js\n${block('  let sum = 0;\n  for (const item of cart.items) {', '  let sum = 1;\n  for (const item of cart.items) {')}`,
    'overlapping_edits',
  ],
  [
    'two different replacements of one line',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${block('  let sum = 0;', '  let sum = 1;')}\nsrc/cart.js\n${block('  let sum = 0;', '  let sum = 2;')}`,
    'overlapping_edits',
  ],
  [
    'code that was never there',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${block('  const discount = customer.discount;\n  return sum - discount;', '  return sum;')}`,
    'no_match',
  ],
  [
    'only the first half that fits',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${jsBlock}\nsrc/cart.js\n${block('  nothing(like, this);', '  x();')}`,
    'no_match',
  ],
  ['a file under another folder', { 'src/cart.js': jsCode, 'web/cart.js': jsCode }, `cart.js\n${jsBlock}`, 'ambiguous_path'],
  [
    'braces that no longer close',
    { 'src/cart.js': jsCode },
    `src/cart.js\n${block('    sum += item.price;\n  }', '    sum += item.price ?? 0;')}`,
    'syntax_error',
  ],
  [
    'prose without any edit',
    { 'src/cart.js': jsCode },
    'The function should check whether `cart.items` is there before it walks over it.',
    'unparseable_response',
  ],
  [
    'JSON that was cut off',
    { 'src/cart.js': jsCode },
    '{"edits": [{"op": "replace", "path": "src/cart.js", "search": "  let sum',
    'unparseable_response',
  ],
  [
    'an array of JSON that was cut off after its first edit',
    { 'src/cart.js': jsCode },
    '[{"path": "src/cart.js", "search": "  let sum = 0;", "replace": "  let sum = 1;"}, {"path": "src/cart.js", "search": "  return',
    'unparseable_response',
  ],
  ['thoughts that never end', { 'src/cart.js': jsCode }, `<think>\nsrc/cart.js\n${jsBlock}\nOr rather`, 'unparseable_response'],
];

describe('an answer with a slip is applied as it was meant:', () => {
  it.each(applied)('%s', async (_, files, answer, wanted) => {
    expect(await outcomeOf(files, answer)).toEqual(wanted);
  });
});

describe('an answer that leaves it open is refused:', () => {
  it.each(refused)('%s', async (_, files, answer, reason) => {
    expect(await outcomeOf(files, answer)).toBe(reason);
  });
});
