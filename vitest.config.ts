// Which tests there are: unit (pure, parallel), integration (parts joined in this process), system (real processes, one at a time).
// Must never hide a failure: no retries (CI's second look is told of aloud), and no file passes without a test in it.
import { defineConfig } from 'vitest/config';

const seconds = 1000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/system/**'],
          testTimeout: 120 * seconds,
        },
      },
      {
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 180 * seconds, hookTimeout: 120 * seconds },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 300 * seconds,
          hookTimeout: 120 * seconds,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
