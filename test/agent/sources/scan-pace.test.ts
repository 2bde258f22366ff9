// Statements about how long folders are left alone after a scan.
// Must never measure time: what a scan cost is given.
import { describe, expect, it } from 'vitest';
import { ScanPace } from '../../../agent/sources/scan-pace.ts';

describe('the pause after a scan', () => {
  it('grows with what scans cost, so that they keep their share', () => {
    expect(new ScanPace().pauses(100, 'busy', 1000, false)).toEqual({ leastMs: 5000, dueMs: 5000 });
  });

  it('is short after a rotation beside thousands of old files, where scans without news are cheap', () => {
    const pace = new ScanPace();
    pace.pauses(2, 'busy', 1000, false);
    expect(pace.pauses(400, 'busy', 1000, true)).toEqual({ leastMs: 4000, dueMs: 4000 });
  });
});
