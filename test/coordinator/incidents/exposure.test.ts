// Traffic as it is counted and written for the verdict on a fix.
// Must never need a database.
import { expect, it } from 'vitest';
import { ExposureMeter, type ExposureRow } from '../../../coordinator/incidents/exposure.ts';

const entry = { service: 'shop', nodeId: 'web-1', timeMs: 60_000, fields: {} };

function stage() {
  const meter = new ExposureMeter([]);
  meter.watch('shop');
  const written: ExposureRow[] = [];
  const store = { add: async (rows: readonly ExposureRow[]) => void written.push(...rows) };
  return { meter, written, store };
}

it('is written only once the occurrences in it are durable, so that a fix is never judged by traffic alone', async () => {
  const { meter, written, store } = stage();
  meter.observe(entry, 3);
  const { promise, resolve } = Promise.withResolvers<void>();
  const flushed = meter.flush(store, () => promise);
  // What comes meanwhile belongs to the next time.
  meter.observe(entry, 5);
  await new Promise(setImmediate);
  expect(written).toEqual([]);
  resolve();
  await flushed;
  expect(written.map(({ amount }) => amount)).toEqual([3]);
  await meter.flush(store, async () => undefined);
  expect(written.map(({ amount }) => amount)).toEqual([3, 5]);
});

it('is kept for the next time where it can’t be written', async () => {
  const { meter, written, store } = stage();
  meter.observe(entry, 3);
  const fails = async (): Promise<void> => {
    throw new Error('no store');
  };
  await expect(meter.flush(store, fails)).rejects.toThrow('no store');
  await expect(meter.flush({ add: fails }, async () => undefined)).rejects.toThrow('no store');
  meter.observe(entry, 1);
  await meter.flush(store, async () => undefined);
  expect(written.map(({ amount }) => amount)).toEqual([4]);
});
