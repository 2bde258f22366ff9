// Statements about which files are read, and in which order, whatever came between two looks.
// Must never wait: every look is asked for.
import { appendFileSync, closeSync, copyFileSync, existsSync, mkdtempSync, openSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createTraceFramer } from '../../../agent/framing/multiline.ts';
import { Archives } from '../../../agent/sources/archives.ts';
import { FileFinder } from '../../../agent/sources/file-finder.ts';
import type { FileFollower } from '../../../agent/sources/file-follower.ts';
import { FileRoster } from '../../../agent/sources/file-roster.ts';
import { defaultTiming } from '../../../agent/sources/file-source-options.ts';
import { putAfter } from '../../../agent/sources/generation-order.ts';
import { ReadBuffer } from '../../../agent/sources/read-buffer.ts';
import { Rotation } from '../../../agent/sources/rotation.ts';

const framer = () => createTraceFramer({ maxLineBytes: 64 * 1024, maxRecordBytes: 64 * 1024, maxRecordLines: 500 });

let folder: string;
let log: string;
let roster: FileRoster;
let rotation: Rotation;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hephaestus-rotation-'));
  log = join(folder, 'app.log');
  const source = 'test';
  roster = new FileRoster({ source, framer, timing: defaultTiming, maxOpenFiles: () => 64, logger: silentLogger });
  const archives = new Archives({ source, framer, roster, logger: silentLogger });
  rotation = new Rotation(roster, new FileFinder([log], []), archives, { source, doubtMs: 0 });
});

afterEach(() => {
  roster.close();
  rmSync(folder, { recursive: true, force: true });
});

function copyAndTruncate(): void {
  for (const number of [3, 2, 1]) if (existsSync(`${log}.${number}`)) renameSync(`${log}.${number}`, `${log}.${number + 1}`);
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
}

/** What is read in the seconds from then on, file by file in the order in which files may be read. */
function readAll(fromMs: number): string {
  const parts: string[] = [];
  for (let nowMs = fromMs; nowMs < fromMs + 10_000; nowMs += 250) {
    for (const follower of roster.followers) {
      if (!follower.isReady(nowMs) || !rotation.mayRead(follower, nowMs)) continue;
      const shipment = follower.pull(64 * 1024, nowMs, new ReadBuffer());
      if (shipment === 'rewritten') rotation.rewritten(follower, nowMs);
      if (shipment === undefined || shipment === 'rewritten') continue;
      parts.push(shipment.kind === 'gap' ? `gap: ${shipment.detail}` : shipment.bytes.toString());
      follower.settle(follower.offset);
    }
  }
  return parts.join('');
}

function follow(): FileFollower {
  rotation.scan(0);
  const follower = roster.atPath(log);
  if (follower === undefined) throw new Error('the log is not followed');
  return follower;
}

describe('after a truncation that was seen by a look, before any scan', () => {
  it('what was copied and truncated again unseen is read before what came then', () => {
    appendFileSync(log, 'one\n');
    follow();
    expect(readAll(1000)).toBe('one\n');
    copyAndTruncate();
    const first = roster.atPath(log);
    if (first !== undefined) rotation.look(first, 20_000);
    appendFileSync(log, 'two\n');
    copyAndTruncate();
    appendFileSync(log, 'three\n');
    for (const follower of roster.followers) if (follower.isOpen) rotation.look(follower, 21_000);
    expect(readAll(21_000)).toBe('two\nthree\n');
  });

  it('what was seen, and copied and truncated before it was read, is read from its copy and told by no gap', () => {
    appendFileSync(log, 'one\n');
    follow();
    expect(readAll(1000)).toBe('one\n');
    copyAndTruncate();
    rotation.scan(20_000);
    appendFileSync(log, 'the second\n');
    rotation.scan(21_000);
    copyAndTruncate();
    appendFileSync(log, 'the third\n');
    copyAndTruncate();
    appendFileSync(log, 'four\n');
    // Nobody looks before it is read.
    expect(readAll(22_000)).toBe('the second\nthe third\nfour\n');
  });
});

describe('the order of generations', () => {
  it('never is a circle', () => {
    const [one, two, three] = ['one', 'two', 'three'].map((name) => {
      closeSync(openSync(join(folder, name), 'a'));
      return roster.adopt(join(folder, name), openSync(join(folder, name), 'r'), 0);
    });
    if (one === undefined || two === undefined || three === undefined) throw new Error('not followed');
    putAfter(two, one);
    putAfter(three, two);
    putAfter(one, three);
    putAfter(one, one);
    expect([one.predecessor, two.predecessor, three.predecessor]).toEqual([undefined, one, two]);
  });
});
