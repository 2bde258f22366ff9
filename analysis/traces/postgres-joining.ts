// How PostgreSQL writes the parts of one report, each on a line with the header of the first (elog.c, send_message_to_server_log).
// Must never join what another process reported: its header differs.
import { surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';

const partPhase = surePhase('part');

export const postgresJoining: JoinRules = {
  isOneWrite: true,
  announce: () => undefined,
  attach: (line, previous) => (isPart(line) && (isPart(previous) || isReport(previous)) ? partPhase : undefined),
  follow: (_phase, line) => (isPart(line) ? partPhase : undefined),
};

const PARTS = ['DETAIL:  ', 'HINT:  ', 'QUERY:  ', 'CONTEXT:  ', 'LOCATION:  ', 'STATEMENT:  ', 'BACKTRACE:  '];
const REPORTS = ['ERROR:  ', 'FATAL:  ', 'PANIC:  ', 'WARNING:  ', 'NOTICE:  ', 'INFO:  ', 'LOG:  '];

function isPart(line: string): boolean {
  return PARTS.some((part) => line.startsWith(part));
}

function isReport(line: string): boolean {
  return REPORTS.some((report) => line.startsWith(report));
}
