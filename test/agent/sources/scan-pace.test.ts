// Statements about how long folders are left alone after a scan.
// Must never measure time: what a scan cost is given.
import { describe, expect, it } from 'vitest';
import { scanPauses } from '../../../agent/sources/scan-pace.ts';

describe('the pause after a scan', () => {
  it('grows with what scans cost, so that they keep their share', () => {
    expect(scanPauses(100, 'busy', 1000)).toEqual({ leastMs: 5000, dueMs: 5000 });
  });

  it('is short after a rotation beside thousands of old files, where scans without news are cheap', () => {
    expect(scanPauses(400, 'busy', 1000, 2)).toEqual({ leastMs: 4000, dueMs: 4000 });
  });
});
