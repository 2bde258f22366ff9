// Entries that were packed come back as they were.
// Must never compare what isn't kept: ids are given by the store.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { severities } from '../../../analysis/severity.ts';
import { packChunk, unpackChunk } from '../../../coordinator/logs/chunk.ts';
import type { LogEntry } from '../../../coordinator/logs/entry.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const entry: fc.Arbitrary<LogEntry> = fc
  .record({
    timeMs: fc.integer({ min: 0, max: 2e12 }),
    severity: fc.constantFrom(...severities),
    service: fc.constantFrom('', 'orders', 'shop'),
    host: fc.constantFrom('', 'web-1'),
    header: text,
    message: text,
    rest: fc.constantFrom('', ' tail'),
    fields: fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), {
      maxKeys: 3,
    }),
    templateId: fc.constantFrom('', 't1', 't2'),
  })
  .map(({ header, message, rest, fields, ...facts }) => ({
    ...facts,
    id: '',
    nodeId: 'n',
    source: 's',
    receivedAtMs: 5,
    message,
    // A key of this name can't be set on a plain object.
    fields: Object.fromEntries(Object.entries(fields).filter(([key]) => key !== '__proto__')),
    templateText: facts.templateId === '' ? '' : `text of ${facts.templateId}`,
    fingerprint: undefined,
    trace: undefined,
    raw: `${header}${message}${rest}`.replace(/\r$/, ''),
  }));

test('what goes in comes out, with ids that name the chunk and the place in it', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), (entries) => {
      const chunk = packChunk(entries);
      expect(unpackChunk({ ...chunk, id: 7 })).toEqual(entries.map((each, index) => ({ ...each, id: `7-${index}` })));
    }),
  );
});

test('a chunk says what is in it, so that a search can pass it over', () => {
  const entries = fc.sample(entry, 20);
  const chunk = packChunk(entries);
  expect(chunk.firstTimeMs).toBe(Math.min(...entries.map((each) => each.timeMs)));
  expect(chunk.lastTimeMs).toBe(Math.max(...entries.map((each) => each.timeMs)));
  expect(chunk.worstSeverity).toBe(Math.min(...entries.map((each) => severities.indexOf(each.severity))));
});
