// What the recognition of known problems promises.
// Must never use lines of a data set.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knownProblemMatcher, knownProblemOf, knownProblems } from '../../../analysis/known-problems/catalogue.ts';
import { LiteralSearch } from '../../../analysis/known-problems/literal-search.ts';
import type { Severity } from '../../../analysis/severity.ts';

const recognize = (message: string, severity?: Severity, fields: Record<string, string> = {}): string | undefined =>
  knownProblemMatcher.recognize({ message, severity, fields })?.id;

describe('known problems', () => {
  it.each([
    ['Out of memory: Killed process 4711 (web) total-vm:812kB, anon-rss:711kB', 'memory-oom-kill'],
    ['write /data/x: no space left on device', 'disk-full'],
    ['EXT4-fs error (device sda1): ext4_lookup:1591: inode #2', 'filesystem-error'],
    ['EXT4-fs (sda1): Remounting filesystem read-only', 'filesystem-read-only'],
    ['INFO: task kworker/1:2:99 blocked for more than 120 seconds.', 'task-hung'],
    ['shop.service: Start request repeated too quickly.', 'unit-restarting'],
    ['web[31]: segfault at 0 ip 00007f sp 00007ffd error 4 in web', 'process-segfault'],
    ['x509: certificate has expired or is not yet valid', 'certificate-expired'],
    ['FATAL: sorry, too many clients already', 'connections-exhausted'],
    ['accept4: too many open files', 'too-many-open-files'],
    ['dial tcp: lookup db.internal: no such host', 'dns-failure'],
    ['listen tcp :8080: bind: address already in use', 'port-in-use'],
    ['open /etc/shop/key: permission denied', 'permission-denied'],
    ['HTTP 429 too many requests', 'rate-limited'],
    ['relation "orders" does not exist', 'schema-mismatch'],
    ['torch.cuda.OutOfMemoryError: CUDA out of memory.', 'gpu-out-of-memory'],
    ['Back-off pulling image "shop:9"', 'image-pull-failed'],
  ])('%s is %s', (message, id) => {
    expect(recognize(message, 'error')).toBe(id);
  });

  it('tells them by the id of a journal message, whatever the text', () => {
    expect(recognize('whatever', 'info', { MESSAGE_ID: 'fe6faa94e7774663a0da52717891d8ef' })).toBe('memory-oom-kill');
  });

  it('takes no word of a package’s name for what happened to it', () => {
    for (const name of ['libgpg-error0', 'libgpg-error-1.46', 'ruby-timeout2'])
      for (const line of [
        'configure NAME:amd64 1.46-1 <none>',
        'status half-configured NAME:amd64 1.46-1',
        'upstream of NAME was upgraded',
      ])
        expect(recognize(line.replace('NAME', name))).toBeUndefined();
    expect(recognize('configuration of libgpg-error0 failed')).toBe('configuration-invalid');
    expect(recognize('dpkg: error processing package libgpg-error0 (--configure)', 'error')).toBe(
      recognize('dpkg: error processing package zlib1g (--configure)', 'error'),
    );
  });

  it('reads what a structured record says beside its message', () => {
    expect(recognize('cannot save order', 'error', { 'db.error': 'FATAL: too many connections for role "shop"' })).toBe(
      'connections-exhausted',
    );
  });

  it('leaves ordinary records alone', () => {
    expect(recognize('request finished, timeout was 30 s', 'info')).toBeUndefined();
    expect(recognize('checked 12 orders: no deadlock detected', 'warning')).toBeUndefined();
    expect(recognize('Connection closed by 192.0.2.7 port 51 [preauth]')).toBeUndefined();
    expect(recognize('zoom factor is 2')).toBeUndefined();
  });

  it('counts definite words at any severity, and the others from warnings on', () => {
    expect(recognize('No space left on device', 'info')).toBe('disk-full');
    expect(recognize('connection refused', 'info')).toBeUndefined();
    expect(recognize('connection refused', 'warning')).toBe('dependency-unreachable');
  });

  it('explains each: a cause, an impact, a remedy; ids are unique', () => {
    expect(new Set(knownProblems.map(({ id }) => id)).size).toBe(knownProblems.length);
    for (const { cause, impact, remedy, signatures } of knownProblems) {
      expect(Math.min(cause.length, impact.length, remedy.length)).toBeGreaterThan(20);
      expect(signatures.length).toBeGreaterThan(0);
    }
    expect(knownProblemOf('disk-full')?.title).toBe('A filesystem is full');
  });

  it('bears any text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 3000 }), (text) => void recognize(text)));
  });
});

describe('literal search', () => {
  it('finds exactly the words that a text holds, in either case', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'é'), maxLength: 40 });
    fc.assert(
      fc.property(fc.uniqueArray(letters, { maxLength: 8 }), text, (words, haystack) => {
        const found = new Set(new LiteralSearch(words).search(haystack, haystack.length));
        const expected = words.flatMap((word, index) => (haystack.toLowerCase().includes(word) ? [index] : []));
        expect([...found].sort((a, b) => a - b)).toEqual(expected);
      }),
    );
  });
});
