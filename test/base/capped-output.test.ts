// The beginning and the end are kept, whatever the pieces.
// Must never need a process.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CappedOutput } from '../../base/capped-output.ts';

it('keeps everything that fits, and otherwise both ends and the count of what is gone', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.nat(60), (chunks, capacity) => {
      const output = new CappedOutput(capacity);
      for (const chunk of chunks) output.add(Buffer.from(chunk));
      const all = Buffer.concat(chunks);
      const kept = output.bytes();
      expect(output.lostBytes).toBe(Math.max(0, all.length - capacity));
      if (all.length <= capacity) {
        expect(kept).toEqual(all);
      } else {
        const head = Math.ceil(capacity / 2);
        const tail = Math.floor(capacity / 2);
        expect(kept.subarray(0, head)).toEqual(all.subarray(0, head));
        expect(kept.subarray(kept.length - tail)).toEqual(all.subarray(all.length - tail));
        expect(kept.toString('latin1')).toContain(`${all.length - capacity} bytes left out`);
      }
    }),
  );
});
