// Holds the version constant and the package manifest together.
// Must never be the place where a version is decided.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { version } from '../../base/version.ts';

test('the version is the one of package.json', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ version });
});
