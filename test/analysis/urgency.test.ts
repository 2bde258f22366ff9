// How much a record asks for attention.
// Must never use lines of a data set.
import { expect, test } from 'vitest';
import { Analyzer } from '../../analysis/analyzer.ts';
import { urgencyOf } from '../../analysis/urgency.ts';

const urgency = (line: string): string => {
  const { record, knownProblem } = new Analyzer().analyze('test', line);
  return urgencyOf(record, knownProblem);
};

test.each([
  ['request served in 3 ms', 'none'],
  ['2026-03-01T10:00:00Z ERROR order 4711 was not saved', 'problem'],
  ['2026-03-01T10:00:00Z FATAL the engine stopped', 'urgent'],
  ['kernel: Out of memory: Killed process 4711 (web) total-vm:812kB, anon-rss:711kB', 'urgent'],
  ['2026-03-01T10:00:00Z FATAL cannot load plan.bin: No such file or directory', 'problem'],
  ['2026-03-01T10:00:00Z FATAL exception register: 0x00a10000', 'none'],
  ['2026-03-01T10:00:00Z FATAL store gathering disabled......0', 'none'],
  ['Mar  1 10:00:00 web1 sshd[7]: Failed password for invalid user admin from 10.0.0.9 port 4422 ssh2', 'none'],
  ['Mar  1 10:00:00 web1 sshd[7]: fatal: Timeout before authentication for 10.0.0.9 port 4422', 'none'],
  ['2026/03/01 10:00:00 [error] 5#6: *7 open() "/srv/x.php" failed (2: No such file or directory), client: 10.0.0.9, server: a', 'none'],
  [
    '2026/03/01 10:00:00 [error] 5#6: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9',
    'problem',
  ],
  ['10.0.0.9 - - [01/Mar/2026:10:00:00 +0000] "GET /error/failed HTTP/1.1" 200 162 "-" "-"', 'none'],
  ['2026-03-01T10:00:00Z FATAL password authentication failed for user "shop"', 'urgent'],
  ['Mar  1 10:00:00 web1 kernel: EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro', 'none'],
  ['Mar  1 10:00:00 web1 kernel: EXT4-fs (sda1): Remounting filesystem read-only', 'urgent'],
  ['2026-03-01T10:00:00Z FATAL lr:0000a1b2 cr:22002400 xer:00000000', 'none'],
])('%s: %s', (line, expected) => {
  expect(urgency(line)).toBe(expected);
});
