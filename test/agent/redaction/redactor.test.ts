// What redaction does to chunks: bytes, records, positions, and what goes over their edges.
// Must never depend on how the secrets themselves are found; test/analysis/redaction says that.
import fc from 'fast-check';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chunk, Position } from '../../../agent/record.ts';
import { silentLogger } from '../../../base/logger.ts';
import { readRedactionKey } from '../../../agent/redaction/key-file.ts';
import { createRedactionSwitch } from '../../../agent/redaction/redaction-switch.ts';
import { createRedactor, type ChunkRedactor, type RedactionSettings } from '../../../agent/redaction/redactor.ts';
import { silentMetrics } from '../../../base/silent-metrics.ts';

const key = Buffer.from('0123456789abcdef');
const defaults: RedactionSettings = { off: false, personalData: false, rules: [], allow: [] };

function redactorOf(settings: Partial<RedactionSettings> = {}, counts = new Map<string, number>()): ChunkRedactor {
  const onRedacted = (kind: string, values: number): void => void counts.set(kind, (counts.get(kind) ?? 0) + values);
  return createRedactor({ settings: { ...defaults, ...settings }, key, onRedacted });
}

function at(offset: number, inode = '7'): Position {
  return {
    kind: 'file',
    identity: { device: '1', inode, fingerprint: Buffer.alloc(16), fingerprintLength: 1, generation: 0 },
    offset,
    path: '/a',
  };
}

/** @param records with their line ends */
function chunkOf(records: readonly string[], offset = 0): Chunk {
  const buffers = records.map((record) => Buffer.from(record));
  const bytes = Buffer.concat(buffers);
  return {
    kind: 'chunk',
    source: 's',
    path: '/a',
    bytes,
    recordLengths: buffers.map(({ length }) => length),
    start: at(offset),
    end: at(offset + bytes.length),
    alsoSettles: [],
    readAtMs: 1,
    cut: false,
    redacted: false,
    journal: false,
  };
}

function recordsOf({ bytes, recordLengths }: Chunk): readonly string[] {
  let start = 0;
  return recordLengths.map((length) => bytes.toString('utf8', start, (start += length)));
}

describe('a chunk', () => {
  it('without secrets is the same object', () => {
    const chunk = chunkOf(['all is well\n', 'still\n']);
    expect(redactorOf().redact(chunk)).toBe(chunk);
  });

  it('with secrets keeps records and positions, and counts values by kind', () => {
    const counts = new Map<string, number>();
    const chunk = chunkOf(['a password=hunter2 b password=hunter2\n', 'plain\n', 'trace\n  token=q8Zk2LmP9wEr4TyU\n'], 100);
    const redacted = redactorOf({}, counts).redact(chunk);
    expect(redacted).toMatchObject({ start: chunk.start, end: chunk.end, redacted: true, cut: false });
    expect(recordsOf(redacted)).toEqual([
      expect.stringMatching(/^a password=(‹secret:password:[0-9a-f]{8}›) b password=\1\n$/),
      'plain\n',
      expect.stringMatching(/^trace\n {2}token=‹secret:token:[0-9a-f]{8}›\n$/),
    ]);
    expect(counts).toEqual(
      new Map([
        ['password', 2],
        ['token', 1],
      ]),
    );
  });

  it('is searched for personal data, rules and allowed values as the settings say', () => {
    const chunk = chunkOf(['ann@example.org EMP-123456 order ORD-77 password=hunter2\n']);
    const rules = [
      { name: 'Employee Number', pattern: 'EMP-[0-9]{6}' },
      { name: 'order', pattern: 'order (ORD-[0-9]+)' },
    ];
    const [record] = recordsOf(redactorOf({ personalData: true, rules, allow: ['hunter2'] }).redact(chunk));
    expect(record?.replaceAll(/:[0-9a-f]{8}›/g, '›')).toBe(
      '‹personal:mail› ‹secret:employee-number› order ‹secret:order› password=hunter2\n',
    );
  });

  it('keeps its lines although a rule matches over them', () => {
    const redacted = redactorOf({ rules: [{ name: 'all', pattern: '(?s)a.*z' }] }).redact(chunkOf(['1 a\r\n', '2\n', '3 z 4\n']));
    expect(recordsOf(redacted).map((record) => record.replaceAll(/‹[^›]*›/g, '#'))).toEqual(['1 #\r\n', '#\n', '# 4\n']);
  });
});

describe('a private key', () => {
  const body = Array.from(
    { length: 26 },
    (_unused, i) => `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7'.slice(i % 9)}${'aB3/x+'.repeat(2)}${i}`,
  );
  const lines = ['before', '-----BEGIN PRIVATE KEY-----', ...body, '-----END PRIVATE KEY-----', 'after'].map((line) => `${line}\n`);

  it('vanishes however its lines are spread over chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: lines.length - 1 }), { maxLength: 6 }), (cuts) => {
        const redactor = redactorOf();
        const edges = [...new Set([0, ...cuts, lines.length])].sort((a, b) => a - b);
        let offset = 0;
        const shipped = edges.slice(1).map((edge, index) => {
          const chunk = chunkOf(lines.slice(edges[index], edge), offset);
          offset += chunk.bytes.length;
          return redactor.redact(chunk).bytes.toString();
        });
        const text = shipped.join('');
        expect(body.filter((line) => text.includes(line.slice(0, 24)))).toEqual([]);
        expect(text.split('\n')).toHaveLength(lines.length + 1);
        expect(text.startsWith('before\n')).toBe(true);
        expect(text.endsWith('-----END PRIVATE KEY-----\nafter\n')).toBe(true);
      }),
    );
  });

  it('is not looked for in another file', () => {
    const redactor = redactorOf();
    redactor.redact(chunkOf(lines.slice(0, 10)));
    const other = { ...chunkOf(['WordsThatLookLikeOneOfItsLines\n']), start: at(0, '8') };
    expect(redactor.redact(other)).toBe(other);
  });
});

describe('the switch', () => {
  const settings: RedactionSettings = { ...defaults, rules: [{ name: 'order', pattern: 'ORD-[0-9]+' }] };

  it('is on without settings, exchanges rules, and keeps the old ones until the new ones are put', async () => {
    const redaction = createRedactionSwitch(async () => key, silentMetrics);
    expect(() => redaction.current()).toThrow('before it was configured');
    (await redaction.prepare(undefined)).put();
    const chunk = chunkOf(['ORD-1 password=hunter2\n']);
    expect(redaction.current()?.redact(chunk).bytes.toString()).toMatch(/^ORD-1 password=‹/);
    const prepared = await redaction.prepare(settings);
    expect(redaction.current()?.redact(chunk).bytes.toString()).toMatch(/^ORD-1 /);
    prepared.put();
    expect(redaction.current()?.redact(chunk).bytes.toString()).toMatch(/^‹secret:order:/);
    (await redaction.prepare({ ...settings, off: true })).put();
    expect(redaction.current()).toBeUndefined();
  });

  it('stays as it is when a rule is wrong', async () => {
    const redaction = createRedactionSwitch(async () => key, silentMetrics);
    (await redaction.prepare(undefined)).put();
    await expect(redaction.prepare({ ...settings, rules: [{ name: 'x', pattern: '(' }] })).rejects.toMatchObject({
      code: 'pattern.invalid',
    });
    expect(redaction.current()).toBeDefined();
  });
});

describe('the key', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redaction-key-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once for a node, and nobody else may read it', async () => {
    const file = join(folder, 'redaction.key');
    const first = await readRedactionKey(undefined, file, silentLogger);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readRedactionKey(undefined, file, silentLogger)).toEqual(first);
    expect(first.length).toBeGreaterThanOrEqual(32);
  });

  it('is made anew where a crash left none in its file', async () => {
    const file = join(folder, 'redaction.key');
    for (const left of [Buffer.alloc(0), Buffer.from('torn'), Buffer.alloc(65)]) {
      await writeFile(file, left);
      expect((await readRedactionKey(undefined, file, silentLogger)).length).toBeGreaterThanOrEqual(32);
      expect(await readFile(`${file}.damaged`)).toEqual(left);
    }
  });

  it("is the fleet's where there is one, and too short a one is refused", async () => {
    const fleet = join(folder, 'fleet.key');
    await writeFile(fleet, 'a secret of the whole fleet\n');
    expect(Buffer.from(await readRedactionKey(fleet, join(folder, 'own'), silentLogger)).toString()).toBe('a secret of the whole fleet');
    await expect(readFile(join(folder, 'own'))).rejects.toThrow('ENOENT');
    await writeFile(fleet, 'short\n');
    await expect(readRedactionKey(fleet, join(folder, 'own'), silentLogger)).rejects.toMatchObject({
      code: 'redaction.key',
      kind: 'validation',
    });
    await expect(readRedactionKey(join(folder, 'none'), join(folder, 'own'), silentLogger)).rejects.toThrow(/cannot be read/);
  });
});
