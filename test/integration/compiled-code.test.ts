// States where frames of compiled, bundled, minified and renamed code lead, in real repositories with real compilers' output.
// Must never reach beyond this machine.
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseTrace } from '../../analysis/traces/trace-reader.ts';
import type { CodeLocation } from '../../coordinator/repository/repository.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';

const pricing = `interface Customer {
  readonly tier: string;
}

type Rates = Readonly<Record<string, number>>;

const rates: Rates = { gold: 0.1, platinum: 0.2 };

export function discountOf(customer: Customer | undefined, subtotal: number): number {
  const rate = rates[customer!.tier] ?? 0;
  return subtotal * rate;
}
`;
const server = `import { discountOf } from './lib/pricing.ts';

interface Order {
  readonly total: number;
}

export function quote(order: Order): number {
  return order.total - discountOf(undefined, order.total);
}

globalThis.process?.stdout.write(String(quote({ total: 100 })));
`;
/** Where it fails, and who calls that. */
const failing = 10;
const calling = 8;

let fixture: GitFixture;
beforeEach(() => {
  fixture = new GitFixture();
});
afterEach(() => fixture.dispose());

async function locate(trace: string): Promise<readonly CodeLocation[]> {
  const { service } = makeRepositoryService(join(fixture.folder, 'state'));
  const repository = makeRepository(fixture.remote);
  const { head } = await service.initialize(repository);
  const read = parseTrace(trace);
  return service.locate(repository, head, { frames: read?.frames ?? [], language: read?.language, message: trace, template: '' });
}

const places = (found: readonly CodeLocation[]): readonly string[] => found.map(({ path, line }) => `${path}:${String(line)}`);

/** The position of a piece of code as an engine would name it. */
function positionOf(code: string, piece: string): string {
  const before = code.slice(0, code.indexOf(piece)).split('\n');
  return `${String(before.length)}:${String((before.at(-1)?.length ?? 0) + 1)}`;
}

const sources = { 'src/lib/pricing.ts': pricing, 'src/server.ts': server };

/** As a deployment's build would make it; `options` are esbuild's. */
async function bundle(options: Parameters<typeof build>[0]): Promise<Readonly<Record<string, string>>> {
  fixture.commit({ message: 'sources', files: sources });
  const { outputFiles = [] } = await build({
    absWorkingDir: fixture.clone,
    entryPoints: ['src/server.ts'],
    bundle: true,
    format: 'esm',
    outfile: 'dist/server.js',
    write: false,
    logLevel: 'silent',
    ...options,
  });
  return Object.fromEntries(
    outputFiles.map(({ path, text }) => [path.slice(fixture.clone.length + 1).replace(/^.*?(?=dist\/)/, ''), text]),
  );
}

describe('a frame of a bundle leads to its source', () => {
  test.each([
    ['an inline map', { sourcemap: 'inline', minify: true }],
    ['a map beside it', { sourcemap: true, minify: true }],
    ['a map that nothing names', { sourcemap: 'external', minify: true }],
    [
      'a map with a root and no sources in it',
      { sourcemap: true, minify: true, sourceRoot: 'https://shop.example/', sourcesContent: false },
    ],
    ['its comments, without a map', { sourcemap: false, minify: false }],
  ] as const)('by %s', async (_, options) => {
    const files = await bundle(options);
    fixture.commit({ message: 'build', files });
    const code = files['dist/server.js'] ?? '';
    const inner = positionOf(code, code.includes('.tier') ? code.slice(code.indexOf('.tier')) : 'tier');
    const outer = /[\w$]+\(void 0,/.exec(code)?.[0] ?? 'discountOf(void 0';
    const found = await locate(
      `TypeError: Cannot read properties of undefined (reading 'tier')\n    at e (/app/dist/server.js:${inner})\n    at t (file:///app/dist/server.js:${positionOf(code, outer)})`,
    );
    expect(found[0]).toMatchObject({ path: 'src/lib/pricing.ts' });
    expect(found[0]?.reasons[0]).toMatch(/source map of dist\/server\.js|module of the bundle/);
    if (options.sourcemap !== false)
      expect(places(found).slice(0, 2)).toEqual([`src/lib/pricing.ts:${String(failing)}`, `src/server.ts:${String(calling)}`]);
  });

  test('also where only the map is in the repository', async () => {
    const files = await bundle({ sourcemap: true, minify: true });
    fixture.commit({ message: 'map', files: { 'dist/server.js.map': files['dist/server.js.map'] ?? '' } });
    const code = files['dist/server.js'] ?? '';
    const found = await locate(`TypeError: x\n    at e (/srv/shop/dist/server.js:${positionOf(code, code.slice(code.indexOf('.tier')))})`);
    expect(places(found)[0]).toBe(`src/lib/pricing.ts:${String(failing)}`);
  });

  test('and to no line where it is minified and there is no map', async () => {
    fixture.commit({ message: 'sources', files: { 'src/server.ts': server.repeat(50) } });
    const found = await locate('TypeError: x\n    at e (/app/dist/server.js:1:48213)');
    expect(found[0]).toMatchObject({ path: 'src/server.ts', line: undefined, function: undefined });
  });

  test('as a bundler names it', async () => {
    fixture.commit({ message: 'sources', files: { 'src/app/cart.ts': pricing, 'src/server.ts': server } });
    const trace = `TypeError: x
    at discountOf (webpack-internal:///(rsc)/./src/app/cart.ts:10:9)
    at quote (webpack://shop/./src/server.ts?a1b2:8:4)`;
    expect(places(await locate(trace)).slice(0, 2)).toEqual(['src/app/cart.ts:10', 'src/server.ts:8']);
  });
});

describe('a frame of compiled TypeScript leads to its source', () => {
  test('by what tsconfig says, whatever the folders are called', async () => {
    fixture.commit({
      message: 'sources',
      files: {
        'services/api/tsconfig.json':
          '{ // built for the image\n "extends": "../../tsconfig.base", "compilerOptions": { "rootDir": "code", "outDir": ".image", }, }',
        'tsconfig.base.json': '{ "compilerOptions": { "strict": true } }',
        'services/api/code/index.ts': server,
        'services/api/code/lib/index.ts': pricing,
        'services/web/code/lib/index.ts': pricing,
      },
    });
    const [first] = await locate('TypeError: x\n    at discountOf (/app/.image/lib/index.js:6:3)');
    expect(first).toMatchObject({ path: 'services/api/code/lib/index.ts' });
    expect(first?.reasons[0]).toContain('compiled from services/api/code');
  });

  test('with the line that is written the same where the output is in the repository', async () => {
    const { code } = await transform(pricing, { loader: 'ts' });
    fixture.commit({ message: 'sources', files: { 'src/pricing.ts': pricing, 'lib/pricing.js': code } });
    const line = positionOf(code, 'return subtotal').split(':')[0] ?? '';
    const found = await locate(`TypeError: x\n    at discountOf (/srv/shop/lib/pricing.js:${line}:3)`);
    expect(places(found)[0]).toBe('src/pricing.ts:11');
  });

  test('but not where the file that ran is written by hand', async () => {
    fixture.commit({
      message: 'sources',
      files: { 'lib/pricing.js': 'export const a = 1;\nthrow new Error("x");\n', 'test/lib/pricing.js': '//\n' },
    });
    expect(places(await locate('Error: x\n    at a (/srv/shop/lib/pricing.js:2:7)'))[0]).toBe('lib/pricing.js:2');
  });
});

describe('a frame of a file that is gone leads to what it became', () => {
  test('over several renames, also of its folders', async () => {
    fixture.commit({ message: 'one', files: { 'shop/pricing/rates.py': pricing, 'shop/app.py': 'import shop\n' } });
    fixture.git(['mv', 'shop/pricing', 'shop/prices']);
    fixture.commit({ message: 'two', files: {} });
    fixture.git(['mv', 'shop/prices/rates.py', 'shop/prices/discounts.py']);
    fixture.commit({ message: 'three', files: {} });
    const trace = 'Traceback (most recent call last):\n  File "/srv/shop/pricing/rates.py", line 10, in discount_of\n    x\nKeyError: 1';
    const [first] = await locate(trace);
    expect(first).toMatchObject({ path: 'shop/prices/discounts.py', line: 10 });
    expect(first?.reasons[0]).toContain('shop/pricing/rates.py is shop/prices/discounts.py now');
  });

  test('in Java by its class', async () => {
    fixture.commit({
      message: 'one',
      files: { 'src/main/java/com/acme/shop/Cart.java': pricing, 'src/main/java/com/acme/shop/Main.java': server },
    });
    fixture.git(['mv', 'src/main/java/com/acme/shop/Cart.java', 'src/main/java/com/acme/shop/Basket.java']);
    fixture.commit({ message: 'two', files: {} });
    const [first] = await locate('java.lang.IllegalStateException: x\n\tat com.acme.shop.Cart$Item.price(Cart.java:10)');
    expect(first).toMatchObject({ path: 'src/main/java/com/acme/shop/Basket.java', line: 10 });
  });

  test('to nothing where it was deleted for good', async () => {
    fixture.commit({ message: 'one', files: { 'shop/pricing/rates.py': pricing, 'shop/app.py': 'import shop\n' } });
    fixture.commit({ message: 'two', files: { 'shop/pricing/rates.py': null } });
    const trace = 'Traceback (most recent call last):\n  File "/srv/shop/pricing/rates.py", line 10, in discount_of\n    x\nKeyError: 1';
    expect((await locate(trace)).filter(({ line }) => line === 10)).toEqual([]);
  });
});
