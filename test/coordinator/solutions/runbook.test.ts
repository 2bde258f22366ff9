// The steps for problems of hosts and networks: which one is meant, with the names that the log gives, and nothing of a stranger's in a command.
// Must never run any of them.
import { describe, expect, it } from 'vitest';
import { findRunbook } from '../../../coordinator/solutions/runbook.ts';

it.each([
  ["ENOSPC: no space left on device, write '/var/log/orders/app.log'", 'df -h /var/log/orders/app.log; df -i'],
  ['x509: certificate has expired: https://pay.example.com:8443/v1', '-connect pay.example.com:8443 -servername pay.example.com'],
  ['listen EADDRINUSE: address already in use :::8080', "ss -ltnp 'sport = :8080'"],
  ['bind() to 0.0.0.0:443 failed (98: Address already in use)', "'sport = :443'"],
  ['accept4: too many open files', 'MainPID --value orders'],
  ['getaddrinfo EAI_AGAIN db-1.internal', 'resolvectl query db-1.internal'],
  ['dial tcp: lookup mail.example.com: no such host', 'getent hosts mail.example.com'],
  ['connect ECONNREFUSED 10.0.0.7:5432', 'nc -vz 10.0.0.7 5432'],
  ["EACCES: permission denied, open '/etc/ssl/key.pem'", 'namei -l /etc/ssl/key.pem'],
  ['Out of memory: Killed process 812 (java)', 'MemoryMax'],
  ['connect ETIMEDOUT 10.1.2.3:443', 'nc -vz -w 5 10.1.2.3 443'],
  ["EROFS: read-only file system, open '/srv/a'", 'findmnt -T /srv/a'],
  ['RequestTimeTooSkewed', 'chronyc tracking'],
  ['Failed to start orders.service: status=203/EXEC', 'systemd-analyze verify'],
])('%s', (words, command) => {
  expect(findRunbook(words, 'orders')?.steps.join('\n')).toContain(command);
});

describe('a command', () => {
  it.each([
    "EACCES: permission denied, open '/srv/$(id)'",
    'connect ECONNREFUSED $(id):80`id`',
    'getaddrinfo ENOTFOUND a;id',
    'no space left on device: /srv/x`id`',
  ])('holds nothing of %j that a shell would run', (words) => {
    expect(JSON.stringify(findRunbook(words, 'orders; id'))).not.toMatch(/\bid\b/);
  });
});

it('is none for a fault of the code', () => {
  expect(findRunbook("TypeError: Cannot read properties of undefined (reading 'x')", 'orders')).toBeUndefined();
});
