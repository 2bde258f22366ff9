// Which records report a change.
// Must never use lines of a data set.
import { expect, test } from 'vitest';
import { changeOf } from '../../analysis/change.ts';

test.each([
  ['upgrade libssl3:amd64 3.0.11 3.0.13', 'package'],
  ['Updated: openssl-3.0.7-25.el9.x86_64', 'package'],
  ['Upgrade: libssl3:amd64 (3.0.11, 3.0.13), openssl:amd64 (3.0.11, 3.0.13)', 'package'],
  ['SUBDEBUG Upgraded: openssl-libs-1:3.0.7-25.el9.x86_64', 'package'],
  ['Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)', 'boot'],
  ['Started shop.service - The shop.', 'restart'],
  ['Reloaded shop.service - The shop.', 'configuration'],
  ['Scaled up replica set shop-7d9 to 3', 'deployment'],
  ['order 7 was started', undefined],
])('%s: %s', (message, kind) => {
  expect(changeOf(message, {})).toBe(kind);
});

test('the journal names changes by id', () => {
  expect(changeOf('whatever', { MESSAGE_ID: 'b07a249cd024414a82dd00cd181378ff' })).toBe('boot');
});
