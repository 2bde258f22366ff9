// What may leave the host in offline mode, and what is said of what may not.
// Must never reach beyond loopback.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createOutbound, isOnThisHost } from '../../base/outbound.ts';

test('this host is loopback by number, localhost and paths; nothing that only looks like it', () => {
  const here = [
    'http://127.0.0.1:11434',
    'http://127.9.9.9/v1',
    'http://localhost:1',
    'http://[::1]:8/',
    '/srv/git/shop.git',
    'file:///srv/git/shop.git',
  ];
  const elsewhere = [
    'https://api.example.com/v1',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://127.0.0.1@example.com/',
    'git@example.com:shop/orders.git',
    'example.com:shop.git',
    'ssh://git@example.com/shop.git',
    'file://host/share',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
    'nonsense',
    '',
  ];
  expect(here.filter((address) => !isOnThisHost(address))).toEqual([]);
  expect(elsewhere.filter(isOnThisHost)).toEqual([]);
});

test('offline, what leaves is refused with what it was for, where it would go and the setting; otherwise it may', () => {
  const offline = createOutbound({ offline: true });
  expect(() => offline.admit('git@git.example.com:shop.git', 'git fetch')).toThrow(/git fetch needs git\.example\.com.*`offline: true`/);
  expect(() => offline.admit('http://127.0.0.1:3000/shop.git', 'git fetch')).not.toThrow();
  expect(() => createOutbound({ offline: false }).admit('https://git.example.com', 'git fetch')).not.toThrow();
});

test('offline, a redirect is not followed', async () => {
  const server = createServer((_request, response) => response.writeHead(302, { location: 'http://models.example.com/' }).end());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await expect(createOutbound({ offline: true }).fetch(url)).rejects.toThrow('fetch failed');
  await expect(createOutbound({ offline: true }).fetch('https://api.example.com/')).rejects.toThrow('offline: true');
  server.close();
});
