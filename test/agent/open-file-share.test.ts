// Statements about how descriptors are shared between sources.
// Must never depend on the limits of the machine that runs it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFileShare, readDescriptorLimit } from '../../agent/open-file-share.ts';

describe('the share of a source', () => {
  test('keeps all sources together below the limit, as long as each gets what it needs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1024, max: 1_000_000 }), (sources, limit) => {
        const share = openFileShare(sources, limit);
        expect(share).toBeGreaterThanOrEqual(16);
        expect(share).toBeLessThanOrEqual(512);
        expect(share * sources).toBeLessThan(limit);
      }),
    );
  });

  test('is whole for one source under the usual limit', () => {
    expect(openFileShare(1, 1024)).toBe(512);
    expect(openFileShare(3, 1024)).toBe(224);
  });
});

describe('the limit of descriptors', () => {
  test('is read as the kernel writes it, and unknown where there is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hephaestus-limits-'));
    try {
      const path = join(folder, 'limits');
      writeFileSync(
        path,
        'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n',
      );
      expect(readDescriptorLimit(path)).toBe(1024);
      writeFileSync(path, 'Max open files            unlimited            unlimited            files\n');
      expect(readDescriptorLimit(path)).toBeUndefined();
      expect(readDescriptorLimit(join(folder, 'none'))).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
