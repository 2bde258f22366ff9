// States which places and commits the Repository Service suspects, on real history.
// Must never depend on the host's clock: commits carry their dates.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GitFixture, makeRepository, makeRepositoryService, type ServiceParts } from '../support/git-fixture.ts';
import type { LocateQuery, Repository } from '../../coordinator/repository/repository.ts';

const cart = (discount: string): string =>
  [
    'export function total(cart) {',
    '  return cart.items.reduce((sum, item) => sum + item.price, 0);',
    '}',
    '',
    'export function discounted(cart) {',
    discount,
    '  return total(cart) * (1 - percent / 100);',
    '}',
    '',
  ].join('\n');

const guarded = '  const percent = cart.coupon === undefined ? 0 : cart.coupon.percent;';
const unguarded = '  const percent = cart.coupon.percent;';

let fixture: GitFixture;
let parts: ServiceParts;
let repository: Repository;

beforeEach(() => {
  fixture = new GitFixture();
  parts = makeRepositoryService(join(fixture.folder, 'state'));
  repository = makeRepository(fixture.remote);
});

afterEach(() => fixture.dispose());

const query = (changes: Partial<LocateQuery>): LocateQuery => ({ frames: [], language: 'node', message: '', template: '', ...changes });

const frame = (file: string, line: number, name: string): LocateQuery['frames'][number] => ({
  file,
  line,
  function: name,
  module: undefined,
  inApp: true,
  source: undefined,
});

test('the commit that last changed the failing line before the problem began is suspected first', async () => {
  fixture.commit({
    message: 'Start',
    files: { 'src/cart.js': cart(guarded), 'src/server.js': 'import "./cart.js";\n' },
    date: '2026-01-01T10:00:00Z',
  });
  fixture.commit({ message: 'Mention totals', files: { 'README.md': 'totals' }, date: '2026-02-01T10:00:00Z' });
  const culprit = fixture.commit({ message: 'Simplify coupons', files: { 'src/cart.js': cart(unguarded) }, date: '2026-03-01T10:00:00Z' });
  fixture.commit({ message: 'Serve faster', files: { 'src/server.js': 'import "./cart.js";\nserve();\n' }, date: '2026-03-01T11:00:00Z' });
  const { head } = await parts.service.initialize(repository);
  const locations = await parts.service.locate(
    repository,
    head,
    query({
      message: "Cannot read properties of undefined (reading 'percent')",
      frames: [
        frame('/srv/app/src/cart.js', 6, 'discounted'),
        frame('file:///srv/app/src/server.js', 2, 'handle'),
        frame('node:internal/process/task_queues', 95, 'run'),
      ],
    }),
  );
  expect(locations[0]).toMatchObject({ path: 'src/cart.js', line: 6, function: 'discounted' });
  const suspects = await parts.service.suspectCommits(repository, head, locations, Date.parse('2026-03-01T12:00:00Z'));
  expect(suspects[0]?.commit).toMatchObject({ hash: culprit, subject: 'Simplify coupons' });
  expect(suspects[0]?.reasons).toContain('last changed src/cart.js:6');
  expect(suspects[0]?.diff).toContain(`-${guarded}`);
  expect(suspects[0]?.score).toBeGreaterThan(suspects[1]?.score ?? 1);
});

test('a commit that took a guard away is suspected, though no line of it is left to blame', async () => {
  const source = (guard: readonly string[]): string => ['function find(id) {', ...guard, '  return rows.get(id).name;', '}', ''].join('\n');
  fixture.commit({ message: 'Start', files: { 'a.js': source(['  if (!rows.has(id)) return undefined;']) }, date: '2026-01-01T10:00:00Z' });
  const culprit = fixture.commit({ message: 'Drop a check', files: { 'a.js': source([]) }, date: '2026-03-01T10:00:00Z' });
  const { head } = await parts.service.initialize(repository);
  const [suspect] = await parts.service.suspectCommits(
    repository,
    head,
    [{ path: 'a.js', line: 2, function: 'find', score: 1, reasons: [] }],
    Date.parse('2026-03-01T12:00:00Z'),
  );
  expect(suspect?.commit.hash).toBe(culprit);
});

test('what was committed after the problem began is not suspected first', async () => {
  const culprit = fixture.commit({ message: 'Break', files: { 'a.js': 'one\ntwo\n' }, date: '2026-03-01T10:00:00Z' });
  fixture.commit({ message: 'Later', files: { 'a.js': 'one\ntwo changed\n' }, date: '2026-03-05T10:00:00Z' });
  const { head } = await parts.service.initialize(repository);
  const suspects = await parts.service.suspectCommits(
    repository,
    head,
    [{ path: 'a.js', line: 2, function: undefined, score: 1, reasons: [] }],
    Date.parse('2026-03-02T12:00:00Z'),
  );
  expect(suspects[0]?.commit.hash).toBe(culprit);
  expect(suspects[1]?.reasons).toContain('was committed after the problem first showed');
});

test('a message without a trace leads to the statement that wrote it', async () => {
  fixture.commit({
    message: 'Start',
    files: {
      'lib/payment.py':
        'import logging\n\ndef charge(order):\n    logging.error("card was declined for order %s by %s", order.id, order.bank)\n',
      'lib/other.py': 'def nothing():\n    pass\n',
      'tests/test_payment.py': 'assert "card was declined for order 1 by x"\n',
      'README.md': 'Says "card was declined for order" at times.\n',
    },
  });
  const { head } = await parts.service.initialize(repository);
  const [first] = await parts.service.locate(
    repository,
    head,
    query({ language: 'python', message: 'card was declined for order 4711 by ACME', template: 'card was declined for order <*> by <*>' }),
  );
  expect(first).toMatchObject({ path: 'lib/payment.py', line: 4 });
  expect(first?.reasons[0]).toContain('card was declined for order');
});

test('a configuration key leads to the file that sets it', async () => {
  fixture.commit({
    message: 'Start',
    files: { 'deploy/values.yaml': 'env:\n  PAYMENT_API_URL: http://old\n', 'src/a.ts': 'export const a = 1;\n' },
  });
  const { head } = await parts.service.initialize(repository);
  const [first] = await parts.service.locate(
    repository,
    head,
    query({ message: 'connect ECONNREFUSED, see PAYMENT_API_URL', template: '' }),
  );
  expect(first).toMatchObject({ path: 'deploy/values.yaml', line: 2 });
});

test('a line beyond the end of the file is not passed on', async () => {
  fixture.commit({ message: 'Start', files: { 'src/cart.ts': 'one\ntwo\n' } });
  const { head } = await parts.service.initialize(repository);
  const [first] = await parts.service.locate(repository, head, query({ frames: [frame('/srv/app/dist/cart.js', 900, 'f')] }));
  expect(first).toMatchObject({ path: 'src/cart.ts', line: undefined });
  expect(await parts.service.suspectCommits(repository, head, first === undefined ? [] : [first], Date.now())).toHaveLength(1);
});
