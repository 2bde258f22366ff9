// Statements about discovery: an unconfigured host is understood, and every file's fate is explained.
// Must never look at this machine's own logs.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoverSources } from '../../../agent/sources/discovery.ts';
import { explainFiles } from '../../../agent/sources/file-explanation.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hephaestus-discovery-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function make(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), 'a line\n');
  }
}

const used = (hasJournalctl = true): readonly string[] =>
  discoverSources({ root, hasJournalctl })
    .filter(({ isUsed }) => isUsed)
    .map(({ id }) => id);

describe('discovery', () => {
  it('reads files where there is no journal', () => {
    make(
      '/var/log/syslog',
      '/var/log/auth.log',
      '/var/log/kern.log',
      '/var/log/nginx/access.log',
      '/var/log/postgresql/postgresql-15-main.log',
    );
    expect(used()).toEqual(['syslog', 'auth', 'kern', 'nginx', 'postgresql']);
  });

  it("reads Red Hat's places", () => {
    make('/var/log/messages', '/var/log/secure', '/var/log/httpd/error_log', '/var/lib/pgsql/15/data/log/postgresql-Mon.log');
    expect(used()).toEqual(['syslog', 'auth', 'apache', 'postgresql']);
  });

  it('prefers the journal to what syslog writes of it', () => {
    make('/var/log/journal/abc/system.journal', '/var/log/syslog', '/var/log/nginx/error.log');
    expect(used()).toEqual(['journal', 'nginx']);
    expect(used(false)).toEqual(['syslog', 'nginx']);
  });

  it('reads container logs once', () => {
    make('/var/log/pods/shop/app/0.log', '/var/lib/docker/containers/abc/abc-json.log');
    expect(used()).toEqual(['pods', 'docker']);
    make('/var/log/containers/app.log');
    expect(used()).toEqual(['kubernetes']);
  });

  it('says of every place why it is or is not read', () => {
    make('/var/log/journal/abc/system.journal', '/var/log/syslog');
    const reasons = Object.fromEntries(discoverSources({ root, hasJournalctl: true }).map(({ id, reason }) => [id, reason]));
    expect(reasons).toMatchObject({ syslog: 'the journal has the same entries', nginx: 'there is no such file' });
  });
});

describe('an explanation', () => {
  it('is given for each file', () => {
    make('/var/log/app.log', '/var/log/app.log.1', '/var/log/app.log.2.gz', '/var/log/other.txt', '/var/log/debug.log');
    writeFileSync(join(root, '/var/log/wtmp'), Buffer.alloc(100));
    symlinkSync(join(root, 'nowhere'), join(root, '/var/log/dangling.log'));
    const source = { id: 'app', include: [join(root, '/var/log/*.log')], exclude: [join(root, '/var/log/debug.log')] };
    const explained = explainFiles([source], [join(root, '/var/log')]);
    const reasons = Object.fromEntries(explained.map(({ path, reason }) => [path.slice(root.length + '/var/log/'.length), reason]));
    expect(reasons).toEqual({
      'app.log': 'tailed by app',
      'app.log.1': 'an older generation of a file that source app tails; read only if it was rotated while unread',
      'app.log.2.gz':
        'a compressed generation of a file that source app tails; read only if it was compressed while unread (readCompressed is off)',
      'dangling.log': 'its link leads nowhere',
      'debug.log': 'excluded by a pattern of source app',
      'other.txt': 'no source matches it; add one to the configuration to tail it',
      wtmp: 'not text',
    });
    const again = explainFiles([{ ...source, readsCompressed: true }], [join(root, '/var/log')]);
    expect(again.find(({ path }) => path.endsWith('.gz'))?.reason).toMatch(/read once/);
  });
});
