// Edits as models write them: applied exactly where they are meant, or refused with a reason, and never by halves.
// Must never test a way of writing that no model uses.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../../base/syntax-tree.ts';
import { applyEdits, type ApplyOutcome } from '../../../../coordinator/solutions/edits/apply.ts';
import { readResponse } from '../../../../coordinator/solutions/edits/response-reader.ts';
import type { Edit } from '../../../../coordinator/solutions/edits/edit.ts';

const trees = createSyntaxTrees();

async function apply(
  files: Record<string, string | Uint8Array>,
  edits: readonly Edit[] | string,
  links: string[] = [],
): Promise<ApplyOutcome> {
  const reading = typeof edits === 'string' ? readResponse(edits) : ({ kind: 'edits', edits } as const);
  if (reading.kind === 'refused') return reading;
  const set = { paths: new Set(Object.keys(files)), links: new Set(links), read: (path: string) => files[path] };
  return applyEdits(set, reading.edits, { allowedPaths: [], trees });
}

async function changed(files: Record<string, string>, edits: readonly Edit[] | string): Promise<Record<string, string | null>> {
  const outcome = await apply(files, edits);
  if (outcome.kind === 'refused') throw new Error(`${outcome.reason}: ${outcome.message}`);
  return outcome.files;
}

async function reason(files: Record<string, string | Uint8Array>, edits: readonly Edit[] | string, links: string[] = []): Promise<string> {
  const outcome = await apply(files, edits, links);
  return outcome.kind === 'refused' ? outcome.reason : 'applied';
}

const shop =
  'class Shop {\n  total(cart) {\n    const sum = add(cart);\n    return sum;\n  }\n\n  count(cart) {\n    return cart.length;\n  }\n}\n';
const block = (path: string, search: string, replace: string): string =>
  `${path}\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n`;

describe('search blocks', () => {
  it('are read amid prose and fences', async () => {
    const answer = `Here is the fix for \`src/shop.js\`:\n\n**src/shop.js**\n\`\`\`js\n<<<<<<< SEARCH\n    return sum;\n=======\n    return sum ?? 0;\n>>>>>>> REPLACE\n\`\`\`\nThat should do it.`;
    expect(await changed({ 'src/shop.js': shop }, answer)).toEqual({ 'src/shop.js': shop.replace('return sum;', 'return sum ?? 0;') });
  });

  it('keep the indentation of the file where the model lost it, in every line', async () => {
    const answer = block(
      'shop.js',
      'const sum = add(cart);\nreturn sum;',
      'if (!cart) return 0;\nconst sum = add(cart);\nif (sum) {\n  return sum;\n}\nreturn 0;',
    );
    const files = await changed({ 'shop.js': shop }, answer);
    expect(files['shop.js']).toContain(
      '    if (!cart) return 0;\n    const sum = add(cart);\n    if (sum) {\n      return sum;\n    }\n    return 0;\n',
    );
  });

  it('keep CRLF, a byte order mark and a missing last newline', async () => {
    const text = '\uFEFFa = 1\r\nb = 2\r\nc = 3';
    expect(await changed({ 'x.ini': text }, block('x.ini', 'b = 2', 'b = 4\nb2 = 5'))).toEqual({
      'x.ini': '\uFEFFa = 1\r\nb = 4\r\nb2 = 5\r\nc = 3',
    });
    expect(await changed({ 'x.ini': text }, block('x.ini', 'c = 3', 'c = 9'))).toEqual({ 'x.ini': '\uFEFFa = 1\r\nb = 2\r\nc = 9' });
  });

  it('are refused where they are cut off, have no path, or could mean two places', async () => {
    expect(await reason({ 'shop.js': shop }, 'shop.js\n<<<<<<< SEARCH\n    return sum;\n=======\n    return 0')).toBe(
      'unparseable_response',
    );
    expect(await reason({ 'shop.js': shop }, '<<<<<<< SEARCH\n    return sum;\n=======\n    return 0;\n>>>>>>> REPLACE')).toBe(
      'unparseable_response',
    );
    expect(await reason({ 'shop.js': shop }, block('shop.js', '  }', '  };'))).toBe('ambiguous_match');
  });

  it('make a new file from an empty search, and only where there is none', async () => {
    expect(await changed({ 'shop.js': shop }, block('test/new.test.js', '', 'ok();'))).toEqual({ 'test/new.test.js': 'ok();\n' });
    expect(await reason({ 'shop.js': shop }, block('shop.js', '', 'ok();'))).toBe('empty_search');
  });

  it('may build on one another', async () => {
    const answer =
      block('shop.js', '    return sum;', '    const rounded = round(sum);\n    return rounded;') +
      block('shop.js', '    return rounded;', '    return rounded ?? 0;');
    expect((await changed({ 'shop.js': shop }, answer))['shop.js']).toContain('return rounded ?? 0;');
  });

  it('change nothing at all where one of them fails', async () => {
    expect(
      await reason({ 'shop.js': shop }, block('shop.js', '    return sum;', '    return 0;') + block('shop.js', 'nothing like it', 'x')),
    ).toBe('no_match');
  });

  it('are exact wherever the search is a unique run of lines', async () => {
    const line = fc.stringMatching(/^[a-z]{3,8}( [a-z]{1,6})?$/);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(line, { minLength: 3, maxLength: 20 }),
        fc.nat(),
        fc.nat(3),
        fc.array(line, { maxLength: 3 }),
        async (lines, seed, more, fresh) => {
          const start = seed % lines.length;
          const search = lines.slice(start, start + 1 + more);
          fc.pre(search.join('\n') !== fresh.join('\n'));
          const outcome = await apply({ 'notes.txt': `${lines.join('\n')}\n` }, [
            { op: 'replace', path: 'notes.txt', search: `${search.join('\n')}\n`, replace: fresh.map((one) => `${one}\n`).join('') },
          ]);
          const expected = [...lines.slice(0, start), ...fresh, ...lines.slice(start + search.length)].map((one) => `${one}\n`).join('');
          expect(outcome).toEqual({ kind: 'applied', files: { 'notes.txt': expected } });
        },
      ),
    );
  });
});

describe('other ways of writing', () => {
  it('are whole files and whole functions', async () => {
    expect(await changed({ 'a.py': 'x = 1\n' }, 'FILE: a.py\n```python\nx = 2\n```\n')).toEqual({ 'a.py': 'x = 2\n' });
    const files = await changed(
      { 'shop.js': shop },
      'FUNCTION: count in shop.js\n```js\ncount(cart) {\n  return cart?.length ?? 0;\n}\n```\n',
    );
    expect(files['shop.js']).toBe(shop.replace('    return cart.length;', '    return cart?.length ?? 0;'));
  });

  it('are diffs with drifted numbers and several hunks', async () => {
    const diff =
      '```diff\n--- a/shop.js\n+++ b/shop.js\n@@ -90,3 +90,3 @@\n     const sum = add(cart);\n-    return sum;\n+    return sum ?? 0;\n   }\n@@ -1,1 +1,1 @@\n   count(cart) {\n-    return cart.length;\n+    return cart?.length;\n   }\n```';
    const files = await changed({ 'shop.js': shop }, diff);
    expect(files['shop.js']).toBe(shop.replace('return sum;', 'return sum ?? 0;').replace('cart.length', 'cart?.length'));
  });

  it('are a function or two in a fence, which stand for no more than themselves', async () => {
    const text = 'import os\n\n\ndef a(x):\n    return 1\n\n\ndef b(x):\n    return 2\n';
    const files = await changed({ 'a.py': text }, 'Here is the fix.\n\na.py\n```python\ndef b(x):\n    return 3\n```\n');
    expect(files['a.py']).toBe(text.replace('return 2', 'return 3'));
    // With anything else besides, it is the file.
    const whole = 'import os\n\n\ndef b(x):\n    return 3\n';
    expect(await changed({ 'a.py': text }, `FILE: a.py\n\`\`\`python\n${whole}\`\`\`\n`)).toEqual({ 'a.py': whole });
  });

  it('are patches between lines of asterisks', async () => {
    const patch =
      '*** Begin Patch\n*** Update File: shop.js\n@@ total(cart) {\n     const sum = add(cart);\n-    return sum;\n+    return sum ?? 0;\n   }\n*** Add File: new.js\n+export const a = 1;\n*** End Patch\n';
    const files = await changed({ 'shop.js': shop }, patch);
    expect(files).toEqual({ 'shop.js': shop.replace('return sum;', 'return sum ?? 0;'), 'new.js': 'export const a = 1;\n' });
  });

  it('are refused where a drifted number could mean either of two places', async () => {
    const text = `x = 1\n${'\n'.repeat(8)}if a:\n    b()\n${'\n'.repeat(8)}if a:\n    b()\n`;
    const diff = (line: number): string => `--- a/a.py\n+++ b/a.py\n@@ -${line},2 +${line},2 @@\n if a:\n-    b()\n+    c()\n`;
    expect(await reason({ 'a.py': text }, diff(3))).toBe('ambiguous_match');
    expect(await reason({ 'a.py': text }, diff(15))).toBe('ambiguous_match');
    expect(await reason({ 'a.py': text }, diff(9))).toBe('applied');
  });

  it('are refused where they leave parts out', async () => {
    expect(await reason({ 'a.py': 'x = 1\ny = 2\n' }, 'FILE: a.py\n```python\nx = 2\n# ... rest of the file\n```\n')).toBe(
      'unpaired_ellipsis',
    );
  });
});

describe('refusals', () => {
  it.each([
    ['../x.js', 'path_escape'],
    ['/etc/passwd', 'path_escape'],
    ['C:\\Windows\\x', 'path_escape'],
    ['src/%2e%2e/%2e%2e/x.js', 'path_escape'],
    ['.github/workflows/ci.yml', 'protected_path'],
    ['sub/.GIT/config', 'protected_path'],
    ['hephaestus.config.json', 'protected_path'],
    ['a\u0000b.js', 'bad_path'],
    ['link/x.js', 'path_escape'],
  ])('of a new file at %j is %s', async (path, expected) => {
    expect(await reason({ 'a.js': 'a();\n' }, [{ op: 'create', path, content: 'x' }], ['link'])).toBe(expected);
  });

  it('tell the author what stands there instead', async () => {
    const outcome = await apply({ 'shop.js': shop }, block('shop.js', '    return summ;\n    // none', 'x'));
    expect(outcome).toMatchObject({ reason: 'no_match' });
    expect(outcome.kind === 'refused' && outcome.message).toContain('return sum;');
  });

  it('cover what would break the file, hide code, or rewrite it', async () => {
    expect(await reason({ 'shop.js': shop }, block('shop.js', '    return sum;', '    return (sum;'))).toBe('syntax_error');
    expect(await reason({ 'shop.js': shop }, block('shop.js', '    return sum;', '    return sum; // \u202e'))).toBe('bidi_control');
    expect(await reason({ 'shop.js': shop }, [{ op: 'replace_file', path: 'shop.js', content: 'x();\n'.repeat(3000) }])).toBe('too_large');
    expect(await reason({ 'x.bin': new Uint8Array([0, 1, 2]) }, [{ op: 'replace', path: 'x.bin', search: 'a', replace: 'b' }])).toBe(
      'binary_file',
    );
  });
});
