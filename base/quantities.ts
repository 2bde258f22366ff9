// Durations and sizes as people write them in configuration files.
// Must never be lenient: a unit that is left out is a mistake, unless the number stands for the smallest one.
import * as z from 'zod';

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizeUnits: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

/** `10s`, `5m`, `24h`, `7d`, or milliseconds as a number. */
export const durationSchema = z
  .union([z.number().int().nonnegative(), z.string().regex(/^\d{1,9}(?:ms|s|m|h|d)$/, 'must be a duration such as 30s, 15m, 24h or 7d')])
  .transform((value) => (typeof value === 'number' ? value : read(value, durationUnits)));

/** `64KiB`, `100MiB`, `2GiB`, or bytes as a number. */
export const sizeSchema = z
  .union([z.number().int().nonnegative(), z.string().regex(/^\d{1,9}(?:B|KiB|MiB|GiB|TiB)$/, 'must be a size such as 64MiB or 2GiB')])
  .transform((value) => (typeof value === 'number' ? value : read(value, sizeUnits)));

function read(text: string, units: Readonly<Record<string, number>>): number {
  return Number.parseInt(text, 10) * (units[text.replace(/^\d+/, '')] ?? 1);
}
