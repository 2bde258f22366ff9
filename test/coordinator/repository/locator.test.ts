// States where frames and messages lead in a list of paths: deploy prefixes, packages, compiled code, and the traps among them.
// Must never need a repository.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchFrame } from '../../../coordinator/repository/frame-match.ts';
import { locate } from '../../../coordinator/repository/locator.ts';
import { PathIndex } from '../../../coordinator/repository/path-index.ts';
import type { LocateQuery } from '../../../coordinator/repository/repository.ts';

type Frame = LocateQuery['frames'][number];

const frame = (file: string | undefined, changes: Partial<Frame> = {}): Frame => ({
  file,
  line: 1,
  function: undefined,
  module: undefined,
  inApp: true,
  source: undefined,
  ...changes,
});

const firstMatch = (paths: readonly string[], file: string, name = 'shop', changes: Partial<Frame> = {}): string | undefined =>
  matchFrame(new PathIndex(paths), frame(file, changes), name)[0]?.path;

const query = (changes: Partial<LocateQuery>): LocateQuery => ({ frames: [], language: undefined, message: '', template: '', ...changes });

const firstPaths = (paths: readonly string[], changes: Partial<LocateQuery>, name = 'shop'): readonly string[] => [
  ...new Set(locate(new PathIndex(paths), query(changes), { repositoryName: name, findings: [] }).map(({ path }) => path)),
];

describe('a frame leads to', () => {
  test.each([
    ['the file below any deploy prefix', '/srv/app/releases/42/src/cart.js', ['src/cart.js', 'src/server.js'], 'src/cart.js'],
    ['lib/x.js rather than tests/lib/x.js', '/app/lib/x.js', ['tests/lib/x.js', 'lib/x.js'], 'lib/x.js'],
    ['tests/lib/x.js where it says so', '/app/tests/lib/x.js', ['lib/x.js', 'tests/lib/x.js'], 'tests/lib/x.js'],
    ['the source that was compiled to it', '/app/dist/services/cart.js', ['src/services/cart.ts', 'src/cart.ts'], 'src/services/cart.ts'],
    ['the source compiled from src to lib', '/app/lib/cart.js', ['src/cart.ts', 'test/cart.ts'], 'src/cart.ts'],
    [
      'the right package of a monorepo',
      '/app/packages/api/dist/index.js',
      ['packages/web/src/index.ts', 'packages/api/src/index.ts'],
      'packages/api/src/index.ts',
    ],
    [
      'the package of a monorepo that a container holds alone',
      '/app/dist/routes/pay.js',
      ['packages/api/src/routes/pay.ts', 'packages/web/src/pay.ts'],
      'packages/api/src/routes/pay.ts',
    ],
    ['the file of a URL', 'https://shop.example/assets/src/app.js?v=3#x', ['src/app.js'], 'src/app.js'],
    ['the file of a bundler', 'webpack:///./src/views/cart.vue', ['src/views/cart.vue'], 'src/views/cart.vue'],
    ['the file of a Windows path', 'C:\\build\\shop\\src\\cart.py', ['src/cart.py'], 'src/cart.py'],
    ['the file of a path with parents', '/app/bin/../src/cart.js', ['src/cart.js'], 'src/cart.js'],
  ])('%s', (_, file, paths, wanted) => expect(firstMatch(paths, file)).toBe(wanted));

  test.each([
    ['/usr/lib/python3/dist-packages/shop/db.py', ['shop/db.py', 'tests/db.py'], 'shop/db.py'],
    ['/venv/lib/python3.11/site-packages/shop/db.py', ['src/shop/db.py'], 'src/shop/db.py'],
    ['/usr/lib/python2.7/site-packages/Shop-0.15-py2.7.egg/shop/db.py', ['shop/db.py'], 'shop/db.py'],
    ['/srv/node_modules/shop/lib/db.js', ['lib/db.js', 'test/db.js'], 'lib/db.js'],
    ['/root/go/pkg/mod/github.com/acme/shop@v1.2.3/store/db.go', ['store/db.go', 'db.go'], 'store/db.go'],
    ['/root/go/pkg/mod/github.com/acme/shop/v2@v2.0.1/store/db.go', ['store/db.go'], 'store/db.go'],
  ])('the repository itself where it is installed as a package: %s', (file, paths, wanted) => expect(firstMatch(paths, file)).toBe(wanted));

  test.each([
    ['/venv/lib/python3.11/site-packages/requests/models.py', ['shop/models.py', 'models.py']],
    ['/srv/node_modules/express/lib/router/index.js', ['lib/router/index.js', 'index.js']],
    ['/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go', ['context.go']],
    ['/usr/local/go/src/net/http/server.go', ['http/server.go', 'server.go']],
    ['/usr/lib/python3.11/json/decoder.py', ['json/decoder.py']],
    ['node:internal/process/task_queues', ['task_queues.js']],
    ['<anonymous>', ['anonymous.js']],
    ['', ['a.js']],
  ])('nothing where it is not ours: %s', (file, paths) => expect(firstMatch(paths, file)).toBeUndefined());

  test.each([
    ['com.acme.shop.Cart.total', 'Cart.java', 'src/main/java/com/acme/shop/Cart.java'],
    ['com.acme.shop.Cart$Item.price', 'Cart.java', 'src/main/java/com/acme/shop/Cart.java'],
    ['com.acme.shop.Cart$$Lambda$12/0x1.run', 'Cart.java', 'src/main/java/com/acme/shop/Cart.java'],
    ['app//com.acme.other.Cart.total', 'Cart.java', 'src/main/java/com/acme/other/Cart.java'],
    ['com.stranger.Cart.total', 'Cart.java', undefined],
  ])('the Java class %s', (name, file, wanted) => {
    const paths = ['src/main/java/com/acme/other/Cart.java', 'src/main/java/com/acme/shop/Cart.java'];
    expect(firstMatch(paths, file, 'shop', { function: name })).toBe(wanted);
  });
});

describe('places are ranked', () => {
  test('by nearness to where it failed, with the line, the function and the reasons', () => {
    const frames = [frame('/app/src/cart.js', { line: 6, function: 'total' }), frame('/app/src/server.js', { line: 9, function: 'serve' })];
    const places = locate(new PathIndex(['src/server.js', 'src/cart.js']), query({ frames, message: 'x is undefined' }), {
      repositoryName: 'shop',
      findings: [],
    });
    expect(places.map(({ path, line, function: name }) => [path, line, name])).toEqual([
      ['src/cart.js', 6, 'total'],
      ['src/server.js', 9, 'serve'],
    ]);
    expect(places[0]?.reasons[0]).toMatch(/^innermost frame: the frame ends with its whole path/);
    expect(places[0]?.score).toBeGreaterThan(places[1]?.score ?? 1);
  });

  test('with tests, examples and vendored code behind code', () => {
    const frames = [frame('vendor/x/check.go'), frame('test/cart_test.go'), frame('cart/cart.go')];
    expect(firstPaths(['vendor/x/check.go', 'test/cart_test.go', 'cart/cart.go'], { frames })[0]).toBe('cart/cart.go');
  });

  test('with the caller before the utility that complained', () => {
    const frames = [frame('src/utils.js', { function: 'assertNumber' }), frame('src/cart.js', { function: 'total' })];
    expect(firstPaths(['src/utils.js', 'src/cart.js'], { frames })[0]).toBe('src/cart.js');
  });

  test('with what a test on the stack is about, though it is on no frame', () => {
    const frames = [frame('CartTest.java', { function: 'com.acme.CartTest.testTotal' })];
    const paths = ['src/test/java/com/acme/CartTest.java', 'src/main/java/com/acme/Cart.java', 'src/main/java/com/acme/Shop.java'];
    expect(firstPaths(paths, { frames, language: 'java' })).toContain('src/main/java/com/acme/Cart.java');
  });

  test('by the names in the message where there is no frame', () => {
    expect(firstPaths(['src/payment-gateway.ts', 'src/server.ts'], { message: 'PaymentGateway refused the card' })[0]).toBe(
      'src/payment-gateway.ts',
    );
    expect(firstPaths(['config/redis.yaml', 'src/a.ts'], { message: 'cannot read config/redis.yaml: bad indentation' })[0]).toBe(
      'config/redis.yaml',
    );
  });

  test('by loose pieces of a stack, innermost first in each language', () => {
    const paths = ['shop/cart.py', 'shop/app.py', 'cart.go', 'main.go'];
    const python = 'it said\n  File "/srv/shop/app.py", line 3, in main\nand then File "/srv/shop/cart.py", line 9, in total';
    expect(locate(new PathIndex(paths), query({ message: python }), { repositoryName: 'shop', findings: [] })[0]).toMatchObject({
      path: 'shop/cart.py',
      line: 9,
      function: 'total',
    });
    expect(firstPaths(paths, { message: 'main.total(0x1)\n\t/src/cart.go:12 +0x1\nmain.main()\n\t/src/main.go:3' })[0]).toBe('cart.go');
  });

  test('with what the search found among them', () => {
    const findings = [{ path: 'src/mail.ts', line: 7, score: 1, reason: 'holds the words' }];
    const [first] = locate(new PathIndex(['src/a.ts', 'src/mail.ts']), query({ message: 'mail was not sent' }), {
      repositoryName: 'shop',
      findings,
    });
    expect(first).toMatchObject({ path: 'src/mail.ts', line: 7 });
  });
});

test('whatever is asked, places are in the list, at most once a line, and scored between 0 and 1', () => {
  const segment = fc.constantFrom('src', 'lib', 'dist', 'test', 'cart', 'a', 'node_modules', 'site-packages', '..', 'x y', '@v1');
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => `${parts.join('/')}/cart.js`);
  fc.assert(
    fc.property(
      fc.array(path, { maxLength: 8 }),
      fc.array(fc.oneof(path, fc.string()), { maxLength: 8 }),
      fc.string(),
      (paths, files, message) => {
        const places = locate(new PathIndex(paths), query({ frames: files.map((file) => frame(file)), message }), {
          repositoryName: 'cart',
          findings: [],
        });
        expect(new Set(places.map((place) => `${place.path} ${String(place.line)}`)).size).toBe(places.length);
        for (const place of places) {
          expect(paths).toContain(place.path);
          expect(place.score).toBeGreaterThanOrEqual(0);
          expect(place.score).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});
