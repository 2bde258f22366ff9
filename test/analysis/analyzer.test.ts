// States what the analyzer makes of records from end to end, and how it bears bad input.
// Must never repeat what the parts promise; headers, formats and templates have tests of their own.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Analyzer, type AnalyzerSnapshot } from '../../analysis/analyzer.ts';

const lines = Array.from({ length: 300 }, (_, i) =>
  i % 3 === 0
    ? `2024-01-31 10:15:00,${100 + (i % 800)} WARN [pool-${i % 7}] shop.Cart: item ${i} missing for user u${i}`
    : `2024-01-31 10:15:00,${100 + (i % 800)} INFO [pool-${i % 7}] shop.Cart: item ${i} added`,
);

test('lines of one kind share template and fingerprint, whatever their header says', () => {
  const analyzer = new Analyzer();
  const results = lines.map((line) => analyzer.analyze('a', line));
  expect(new Set(results.map(({ template }) => analyzer.resolveTemplate(template.id))).size).toBe(2);
  expect(results.at(-1)).toMatchObject({
    record: { severity: 'info', thread: 'pool-5', component: 'shop.Cart', message: 'item 299 added' },
    template: { text: 'item <num> added', isNew: false },
  });
  expect(results.at(-1)?.fingerprint.value).toMatch(/^[0-9a-f]{32}$/);
});

test('messages seen before the header was learnt end in the template of the others', () => {
  const analyzer = new Analyzer();
  const first = analyzer.analyze('s', '2024-01-31 10:15:00 Retry number: 5').template.id;
  for (let i = 0; i < 100; i++)
    analyzer.analyze('s', i % 2 === 0 ? `2024-01-31 10:15:00 Retry number: ${i}` : '2024-01-31 10:15:00 all is well here');
  const later = analyzer.analyze('s', '2024-01-31 10:15:00 Retry number: 7').template.id;
  expect(analyzer.resolveTemplate(first)).toBe(analyzer.resolveTemplate(later));
  expect(analyzer.templateText(first)).toBe('Retry number: <num>');
});

test('a trace makes the fingerprint, and the record an error', () => {
  const analyzer = new Analyzer();
  const trace = (path: string): string =>
    `Jan 31 10:15:00 web1 app[7]: TypeError: x is undefined\n    at total (${path}/cart.js:10:5)\n    at main (${path}/main.js:2:1)`;
  const one = analyzer.analyze('s', trace('/srv/a'));
  const two = analyzer.analyze('s', trace('/opt/b'));
  expect(one.record).toMatchObject({ severity: 'error', process: 'app', trace: { language: 'node', type: 'TypeError' } });
  expect(two.fingerprint.value).toBe(one.fingerprint.value);
});

test('what was learnt survives a snapshot', () => {
  const analyzer = new Analyzer();
  for (const line of lines) analyzer.analyze('a', line);
  const restored = new Analyzer();
  restored.restore(JSON.parse(JSON.stringify(analyzer.snapshot())) as AnalyzerSnapshot);
  for (const line of lines.slice(0, 20)) expect(restored.analyze('a', line)).toEqual(analyzer.analyze('a', line));
  expect(restored.templateCount).toBe(analyzer.templateCount);
});

test('sources are forgotten rather than kept without end', () => {
  const analyzer = new Analyzer({ maxSources: 5 });
  for (let i = 0; i < 50; i++) for (const line of lines.slice(0, 70)) analyzer.analyze(`source ${i}`, line);
  expect(analyzer.snapshot().sources.length).toBeLessThanOrEqual(5);
});

describe('bad input', () => {
  test.each([
    ['nothing', ''],
    ['blanks', '   \t '],
    ['binary', '\u0000\u0001\ufffd\u0007[[[((('],
    ['a mebibyte of one letter', 'a'.repeat(1_048_576)],
    ['a mebibyte of brackets', '['.repeat(1_048_576)],
    ['a mebibyte of digits', '7'.repeat(1_048_576)],
    ['a mebibyte of colons', ':'.repeat(1_048_576)],
    ['a mebibyte of pairs', 'a=1 '.repeat(262_144)],
    ['a mebibyte of quotes', '="'.repeat(524_288)],
    ['a mebibyte of lines', 'x\n'.repeat(524_288)],
    ['deep JSON', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['half a surrogate', 'x \ud800 y'],
  ])('%s gives a record', (_name, text) => {
    const analyzer = new Analyzer();
    expect(analyzer.analyze('s', text).template.id).toMatch(/^[0-9a-f]{16}$/);
    expect(analyzer.analyze('s', text).template.isNew).toBe(false);
  });

  test('any text is analyzed, and its message is part of it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 8 }), (texts) => {
        const analyzer = new Analyzer();
        for (const text of texts) {
          const { record } = analyzer.analyze('s', text);
          if (record.format === 'plain') expect(text).toContain(record.message);
        }
      }),
    );
  });
});

test('a source that is hard to read is told of once', () => {
  const analyzer = new Analyzer({ miner: { maxTemplates: 50 } });
  const noticesOf = (source: string, texts: readonly string[]): (string | undefined)[] =>
    texts.map((text) => analyzer.analyze(source, text).notice?.kind).filter((kind) => kind !== undefined);
  expect(noticesOf('a', ['a plain line', 'with\0nul', 'again\0nul'])).toEqual(['binary']);
  expect(noticesOf('b', ['x '.repeat(200_000), 'y '.repeat(200_000)])).toEqual(['oversized']);
  const old = Array.from({ length: 200 }, (_, i) => `2024-01-31 10:15:00 INFO [worker-${i % 3}] job ${i} done`);
  const now = Array.from({ length: 400 }, (_, i) => `2024-01-31 10:15:00 web1 app[${i}]: job ${i} done`);
  expect(noticesOf('c', [...old, ...now])).toEqual(['format-changed']);
  const letters = (i: number): string => String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26));
  const flood = Array.from({ length: 3000 }, (_, i) =>
    Array.from({ length: 2 + (i % 90) }, (_word, j) => `${letters(i * 7 + j * 31)}${letters(i + j)}`).join(' '),
  );
  expect(noticesOf('d', flood)).toEqual(['too-many-templates']);
});
