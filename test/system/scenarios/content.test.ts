// Scenarios 16 to 24: what a line is.
// Must never compare text where bytes are meant.
import { appendFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';

let scenario: Scenario | undefined;

afterEach(async () => {
  await scenario?.close();
  scenario = undefined;
});

async function open(options?: Parameters<typeof Scenario.open>[0]): Promise<Scenario> {
  scenario = await Scenario.open(options);
  return scenario;
}

describe('a line', () => {
  it('scenario 16: in two parts, 5 s apart, is one', async () => {
    const one = await open();
    const [first = '', second = ''] = one.lines(2).split(/(?<=3?\n)/);
    appendFileSync(one.at('app.log'), first + second.slice(0, 3));
    await one.arrived(1);
    await sleep(5000);
    expect(one.ledger.records).toBe(1);
    appendFileSync(one.at('app.log'), second.slice(3));
    await one.expectEachOnce();
  });

  it('scenario 17: in two parts with a restart between them is one', async () => {
    const one = await open();
    const text = one.lines(2);
    appendFileSync(one.at('app.log'), text.slice(0, -3));
    await one.arrived(1);
    expect(await one.stop('SIGTERM')).toBe(0);
    one.start();
    await one.heartbeats();
    appendFileSync(one.at('app.log'), text.slice(-3));
    await one.expectEachOnce();
  });

  it('scenario 18: the last one without an end in a file that is then unlinked', async () => {
    const one = await open();
    appendFileSync(one.at('app.log'), one.lines(5).slice(0, -1));
    await one.arrived(4);
    unlinkSync(one.at('app.log'));
    await one.expectEachOnce();
  });

  it('scenario 19: ended by CR and LF, wherever a read ends', async () => {
    const one = await open({ behaviour: { maxBatchBytes: 4096 } });
    writeFileSync(one.at('app.log'), one.lines(100_000).replaceAll('\n', '\r\n'));
    await one.expectEachOnce();
    expect(one.ledger.allLines().every((line) => line.endsWith('\r'))).toBe(true);
  });

  it('scenario 20: of 10 MiB comes in pieces, and its neighbours are whole', async () => {
    const one = await open();
    writeFileSync(one.at('app.log'), `${one.lines(1)}${'z'.repeat(10 * 1024 * 1024)}\n${one.lines(1)}`);
    await one.arrived(42);
    await one.heartbeats();
    const others = one.others();
    expect(others.join('')).toBe('z'.repeat(10 * 1024 * 1024));
    expect(Math.max(...others.map((piece) => piece.length))).toBeLessThanOrEqual(256 * 1024);
    await one.expectEachOnce({ others: others.length });
  });

  it('scenario 21: keeps its bytes, be they UTF-8 torn by a read, none at all, or NUL', async () => {
    const one = await open({ behaviour: { maxBatchBytes: 4096 } });
    const lines: Buffer[] = [];
    for (let index = 0; index < 4000; index += 1) {
      lines.push(Buffer.concat([Buffer.from(`${'ä🐘'.repeat(index % 40)} ${index}`), Buffer.from([0xff, 0xc3, 0x00, 0x80, 0x0a])]));
    }
    writeFileSync(one.at('app.log'), Buffer.concat(lines));
    await one.arrived(lines.length);
    const arrived = Buffer.from(
      one.ledger
        .allLines()
        .map((line) => `${line}\n`)
        .join(''),
      'latin1',
    );
    expect(arrived.equals(Buffer.concat(lines))).toBe(true);
  });

  it('scenario 22: in UTF-16LE with a byte order mark', async () => {
    const one = await open();
    const bytes = Buffer.from(`\ufeff${one.lines(5000)}`, 'utf16le');
    writeFileSync(one.at('app.log'), bytes.subarray(0, 3001));
    await one.arrived(50);
    appendFileSync(one.at('app.log'), bytes.subarray(3001));
    await one.expectEachOnce();
  });

  it('scenario 23: a stack trace across a rotation is one record', async () => {
    const one = await open();
    const head = 'Error: boom\n    at a (/srv/a.js:1:1)\n';
    const rest = '    at b (/srv/b.js:2:2)\n    at c (/srv/c.js:3:3)\n';
    one.append('app.log', 3);
    await one.arrived();
    appendFileSync(one.at('app.log'), head);
    renameSync(one.at('app.log'), one.at('app.log.1'));
    writeFileSync(one.at('app.log'), rest + one.lines(3));
    await one.expectEachOnce({ others: 1 });
    expect(one.others()).toEqual([(head + rest).trimEnd()]);
  });

  it('scenario 24: empty lines count', async () => {
    const one = await open();
    writeFileSync(one.at('app.log'), `\n\n${one.lines(1)}\n${one.lines(1)}\n\n`);
    await one.expectEachOnce({ others: 5 });
    expect(one.others()).toEqual(['', '', '', '', '']);
  });
});
