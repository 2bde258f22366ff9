// Statements about what is found again after a restart while a rotation is going on.
// Must never need a second process: the rotation's steps stand between a listing and its use.
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createTraceFramer } from '../../../agent/framing/multiline.ts';
import type { FilePosition, Shipment } from '../../../agent/record.ts';
import { Archives } from '../../../agent/sources/archives.ts';
import { Claims } from '../../../agent/sources/claims.ts';
import { FileFinder } from '../../../agent/sources/file-finder.ts';
import { factsOf, fileKey } from '../../../agent/sources/file-identity.ts';
import { FileRoster } from '../../../agent/sources/file-roster.ts';
import { defaultTiming } from '../../../agent/sources/file-source-options.ts';
import { Recovery } from '../../../agent/sources/recovery.ts';
import { RotatedFiles } from '../../../agent/sources/rotated-names.ts';

const framer = () => createTraceFramer({ maxLineBytes: 64 * 1024, maxRecordBytes: 64 * 1024, maxRecordLines: 500 });
const source = 'test';

let folder: string;
let log: string;
let roster: FileRoster;
let archives: Archives;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-recovery-'));
  log = join(folder, 'app.log');
  roster = new FileRoster({ source, framer, timing: defaultTiming, maxOpenFiles: () => 64, logger: silentLogger });
  archives = new Archives({ source, framer, roster, logger: silentLogger });
});

afterEach(() => {
  archives.close();
  roster.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Follows what has the log's name now. */
function follow(claims?: Claims): void {
  const facts = new FileFinder([log], []).find().files.get(log);
  if (facts !== undefined) roster.follow(log, facts, 0, (descriptor) => claims?.claim(facts, descriptor));
}

/** Where the log stands once `text` was read of it. */
function readSome(text: string): FilePosition {
  appendFileSync(log, text);
  follow();
  const follower = roster.atPath(log);
  if (follower === undefined) throw new Error('the log is not followed');
  follower.seek(text.length);
  const position = follower.position();
  roster.dismiss(follower);
  return position;
}

function compress(from: string, to: string): void {
  writeFileSync(to, gzipSync(readFileSync(from)));
  unlinkSync(from);
}

async function recovered(claims: Claims, rotated: RotatedFiles): Promise<string> {
  const finder = new FileFinder([log], []);
  new Recovery({ source, roster, archives, finder, claims, rotated, nowMs: 0 }).run();
  const shipments: Shipment[] = [];
  for (let next = roster.announcements.take(); next !== undefined; next = roster.announcements.take()) shipments.push(next);
  for (let next = await archives.pull(4096, 0); next !== undefined; next = await archives.pull(4096, 0)) shipments.push(next);
  return shipments.map((each) => (each.kind === 'gap' ? `gap: ${each.detail}` : each.bytes.toString())).join('');
}

describe('a file that was finished before the restart', () => {
  it('stays finished, and is not held open', async () => {
    const position = { ...readSome('one\n'), isFinished: true };
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'two\n');
    const missed = readSome('three\n');
    const claims = new Claims([position, { ...missed, identity: { ...missed.identity, inode: '1' } }]);
    follow(claims);
    expect(await recovered(claims, new RotatedFiles())).toContain('gap');
    expect([...roster.followers].map(({ path }) => path)).toEqual([log]);
  });

  it('tells what lies behind it', async () => {
    const position = { ...readSome('one\n'), isFinished: true };
    renameSync(log, `${log}.2`);
    writeFileSync(`${log}.1`, 'two\n');
    writeFileSync(log, 'three\n');
    const claims = new Claims([position]);
    follow(claims);
    await recovered(claims, new RotatedFiles());
    expect([...roster.followers].map(({ path }) => path).toSorted()).toEqual([log, `${log}.1`]);
  });
});

describe('a rotation that goes on while files are looked for', () => {
  it('leads to no loss where compressed files get their next names between the listing and their opening', async () => {
    const position = readSome('one\n');
    appendFileSync(log, 'two\n');
    compress(log, `${log}.2.gz`);
    writeFileSync(`${log}.1.gz`, gzipSync('three\n'));
    writeFileSync(log, 'four\n');
    const claims = new Claims([position]);
    archives.begin([position], false);
    follow(claims);
    const rotated = new RotatedFiles();
    expect(rotated.compressedBeside(log)).toHaveLength(2);
    renameSync(`${log}.2.gz`, `${log}.3.gz`);
    renameSync(`${log}.1.gz`, `${log}.2.gz`);
    expect(await recovered(claims, rotated)).toBe('two\nthree\n');
  });

  it('leads to no loss where a compressed file that nobody read gets another name between its listing and its opening', async () => {
    appendFileSync(log, 'one\n');
    compress(log, `${log}.1.gz`);
    const unread = new RotatedFiles().compressedBeside(log);
    renameSync(`${log}.1.gz`, `${log}.2.gz`);
    appendFileSync(log, 'two\n');
    compress(log, `${log}.1.gz`);
    archives.takeUnread(unread);
    expect(await recovered(new Claims([]), new RotatedFiles())).toBe('one\n');
  });

  it('leads to no loss where a compressed file gets another name between two looks at it', async () => {
    appendFileSync(log, 'one\n');
    compress(log, `${log}.1.gz`);
    const [file] = new RotatedFiles().compressedBeside(log);
    if (file === undefined) throw new Error('there is no compressed file');
    const head = archives.head(file);
    renameSync(`${log}.1.gz`, `${log}.2.gz`);
    archives.add(file, head ?? Buffer.alloc(0), 0);
    unlinkSync(`${log}.2.gz`);
    expect(await recovered(new Claims([]), new RotatedFiles())).toBe('one\n');
  });

  it('leads to no loss where a file is compressed between the listing and its opening', async () => {
    const position = readSome('one\n');
    appendFileSync(log, 'two\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'three\n');
    const claims = new Claims([position]);
    archives.begin([position], false);
    follow(claims);
    const rotated = new RotatedFiles();
    expect(rotated.beside(log)).toHaveLength(1);
    compress(`${log}.1`, `${log}.1.gz`);
    expect(await recovered(claims, rotated)).toBe('two\n');
  });

  it('repeats nothing of a log that is held already when it is rotated and compressed', async () => {
    const position = readSome('one\n');
    appendFileSync(log, 'two\n');
    compress(log, `${log}.1.gz`);
    writeFileSync(log, 'three\n');
    const claims = new Claims([position]);
    archives.begin([position], false);
    follow(claims);
    const rotated = new RotatedFiles();
    expect(rotated.compressedBeside(log)).toHaveLength(1);
    renameSync(`${log}.1.gz`, `${log}.2.gz`);
    compress(log, `${log}.1.gz`);
    writeFileSync(log, 'four\n');
    expect(await recovered(claims, rotated)).toBe('two\n');
  });

  it('leads to no loss where what was missed begins as a log that is held', async () => {
    const position = readSome('one\n');
    appendFileSync(log, 'two\n');
    compress(log, `${log}.2.gz`);
    writeFileSync(`${log}.1.gz`, gzipSync('heading\nthree\n'));
    writeFileSync(log, 'heading\n');
    const claims = new Claims([position]);
    archives.begin([position], false);
    follow(claims);
    expect(await recovered(claims, new RotatedFiles())).toBe('two\nheading\nthree\n');
  });
});

describe('a copy that was made while the agent was down', () => {
  it('is a generation of its own where its inode was another file’s before', async () => {
    const position = readSome('one\n');
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    const facts = factsOf(statSync(`${log}.1`, { bigint: true }));
    roster.knowGeneration(fileKey(facts), 3);
    const claims = new Claims([position]);
    archives.begin([position], false);
    follow(claims);
    await recovered(claims, new RotatedFiles());
    expect(roster.find(facts)?.position()).toMatchObject({ offset: 4, identity: { generation: 4 } });
  });
});

describe('a rotated log that was not read to its end', () => {
  it.each(['.1', '.1.gz'])('is told as a gap where it was removed as %s while the agent was down', async (suffix) => {
    const begun = readSome('one\n');
    const position = { ...begun, path: `${log}${suffix}` };
    rmSync(log);
    writeFileSync(log, 'two\n');
    const claims = new Claims([position]);
    archives.begin([position], false);
    follow(claims);
    expect(await recovered(claims, new RotatedFiles())).toContain(`gap: ${log}${suffix} was replaced`);
  });
});
