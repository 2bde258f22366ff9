// Statements about discovery: an unconfigured host is understood, and every file's fate is explained.
// Must never look at this machine's own logs.
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoverSources } from '../../../agent/sources/discovery.ts';
import { nodeSettingsSchema } from '../../../agent/config.ts';
import { reportSources, showSources } from '../../../agent/source-report.ts';
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

  it('reads neither cron nor mail where the journal has them, and both where it has not', () => {
    make('/var/log/cron', '/var/log/maillog', '/var/log/redis/redis-server.log');
    expect(used()).toEqual(['facilities', 'redis']);
    make('/run/log/journal/abc/system.journal');
    expect(used()).toEqual(['journal', 'redis']);
  });

  it.skipIf(process.getuid?.() === 0)('reads files where the journal may not be read', () => {
    make('/var/log/journal/abc/system.journal', '/var/log/syslog');
    chmodSync(join(root, '/var/log/journal/abc/system.journal'), 0o000);
    expect(used()).toEqual(['syslog']);
  });

  it("takes users' journals alone for none", () => {
    make('/var/log/journal/abc/user-1000.journal', '/var/log/syslog');
    expect(used()).toEqual(['syslog']);
  });

  it('reads container logs once', () => {
    make('/var/log/pods/shop/app/0.log', '/var/lib/docker/containers/abc/abc-json.log');
    expect(used()).toEqual(['pods', 'docker']);
    mkdirSync(join(root, '/var/log/containers'));
    symlinkSync(join(root, '/var/log/pods/shop/app/0.log'), join(root, '/var/log/containers/app.log'));
    // What Docker runs beside Kubernetes is no container of Kubernetes.
    expect(used()).toEqual(['kubernetes', 'docker']);
    rmSync(join(root, '/var/log/pods/shop/app/0.log'));
    symlinkSync(join(root, '/var/lib/docker/containers/abc/abc-json.log'), join(root, '/var/log/pods/shop/app/0.log'));
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
      'debug.log': `excluded by the pattern ${join(root, '/var/log/debug.log')} of source app`,
      'other.txt': 'no source matches it; add one to the configuration to tail it',
      wtmp: 'not text',
    });
    const again = explainFiles([{ ...source, readsCompressed: true }], [join(root, '/var/log')]);
    expect(again.find(({ path }) => path.endsWith('.gz'))?.reason).toMatch(/read once/);
  });
});

describe('a report', () => {
  const report = (settings: unknown = {}, pushedVersion?: number) =>
    reportSources('agent.yaml', { settings: nodeSettingsSchema.parse(settings), pushedVersion }, root);
  const reasons = (settings?: unknown) =>
    Object.fromEntries(
      report(settings).files.map(({ path, isTailed, reason }) => [path.slice(root.length), `${isTailed ? '+' : '-'} ${reason}`]),
    );

  it('names the place that is not read, not that nothing matches', () => {
    make('/usr/bin/journalctl', '/var/log/journal/abc/system.journal', '/var/log/syslog', '/var/log/cron.log', '/var/log/nginx/error.log');
    chmodSync(join(root, '/usr/bin/journalctl'), 0o755);
    expect(reasons()).toEqual({
      '/var/log/cron.log': '- not read: the journal has the same entries',
      '/var/log/journal/abc/system.journal': '- a journal source reads them through journalctl',
      '/var/log/nginx/error.log': '+ tailed by nginx',
      '/var/log/syslog': '- not read: the journal has the same entries',
    });
    expect(showSources(report())).toMatch(/^- a journal file: a journal source reads them/m);
  });

  it('tells that two names are one file, within a source and between two', () => {
    make('/var/log/pods/shop/app/0.log');
    mkdirSync(join(root, '/var/log/containers'));
    symlinkSync(join(root, '/var/log/pods/shop/app/0.log'), join(root, '/var/log/containers/app.log'));
    make('/var/log/one.log');
    linkSync(join(root, '/var/log/one.log'), join(root, '/var/log/two.log'));
    const container = join(root, '/var/log/containers/app.log');
    expect(reasons()['/var/log/pods/shop/app/0.log']).toBe(`- the same file as ${container}, which source kubernetes tails`);
    const both = { sources: [{ id: 'both', file: { include: [join(root, '/var/log/*.log')] } }] };
    expect(reasons(both)['/var/log/two.log']).toBe(`+ the same file as ${join(root, '/var/log/one.log')}, tailed once by both`);
  });

  it('warns where two sources send the same lines, and where a file is no text', () => {
    make('/var/log/app.log');
    writeFileSync(join(root, '/var/log/data.log'), Buffer.alloc(100));
    const file = { include: [join(root, '/var/log/app.log')] };
    const told = reasons({
      sources: [
        { id: 'a', file },
        { id: 'b', file },
        { id: 'c', file: { include: [join(root, '/var/log/data.log')] } },
      ],
    });
    expect(told['/var/log/app.log']).toMatch(/^\+ tailed by a, b; each of the 2 sends its lines/);
    expect(told['/var/log/data.log']).toBe("+ tailed by c, although it doesn't look like text");
  });

  it('says what was pushed, and that a source is switched off', () => {
    make('/var/log/app.log');
    const sources = [{ id: 'a', disabled: true, file: { include: [join(root, '/var/log/app.log')] } }];
    expect(showSources(report({ sources }, 7))).toMatch(
      /^With version 7 [^]*app\.log: not read: source a is disabled\nNothing is tailed\.\n$/,
    );
  });
});
