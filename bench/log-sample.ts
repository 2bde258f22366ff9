// A log file of a given size with lines of about 114 bytes, as an ordinary web service writes them.
// Must never be random: two runs make the same file.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';

const levels = ['INFO', 'INFO', 'INFO', 'WARN', 'DEBUG'] as const;
const paths = ['/api/orders', '/api/items', '/login', '/static/app.js', '/health', '/api/customers'] as const;

export async function writeLogSample(path: string, bytes: number): Promise<void> {
  const stream = createWriteStream(path);
  let state = 12_345;
  // A linear congruential generator (Numerical Recipes' constants).
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  let written = 0;
  for (let number = 0; written < bytes;) {
    let block = '';
    while (block.length < 256 * 1024 && written + block.length < bytes) {
      const time = new Date(1_760_000_000_000 + number * 7).toISOString();
      const id = draw(0xffffffff).toString(16).padStart(8, '0');
      block += `${time} ${levels[draw(5)]} [web-${draw(8)}] GET ${paths[draw(6)]}/${draw(100_000)} took ${draw(900)} ms, status ${200 + draw(5)}, request ${id} n=${number}\n`;
      number += 1;
    }
    written += block.length;
    if (!stream.write(block)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

/** The file that `--data` names, if it is a file. */
export async function givenFile(data: string): Promise<{ readonly path: string; readonly bytes: number } | undefined> {
  const found = await stat(data).catch(() => undefined);
  return found?.isFile() === true ? { path: data, bytes: found.size } : undefined;
}

/** How far the whole lines of a file reach. What follows the last line end is no line yet: a follower waits for its rest. */
export async function endOfLines(path: string): Promise<number> {
  const file = await open(path);
  try {
    const part = Buffer.alloc(64 * 1024);
    let end = (await file.stat()).size;
    while (end > 0) {
      const start = Math.max(0, end - part.length);
      const { bytesRead } = await file.read(part, 0, end - start, start);
      const newline = part.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (newline >= 0) return start + newline + 1;
      end = start;
    }
  } finally {
    await file.close();
  }
  throw new Error(`${path} has no line that is ended by a line feed`);
}
