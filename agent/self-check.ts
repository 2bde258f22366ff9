// `hephaestus-agent check`: whether this host can do its work: sources, connection, certificate, clock.
// Must never change anything, nor enrol.
import type { Clock } from '../base/clock.ts';
import { HephaestusError } from '../base/errors.ts';
import { runProcess } from '../base/process.ts';
import type { AgentConfig } from './config.ts';
import { effectiveSources } from './discovered-sources.ts';
import { checkConnection } from './session/connection-check.ts';
import { showCoordinatorAddress } from './session/coordinator-address.ts';
import { openCredentialsStore, type CredentialsOutcome } from './session/node-credentials.ts';
import type { SourceSettings } from './source-settings.ts';
import { explainFiles } from './sources/file-explanation.ts';

export interface CheckRow {
  /** `note` is no mistake, but worth knowing. */
  readonly outcome: 'ok' | 'note' | 'failed' | 'unreachable';
  readonly subject: string;
  readonly message: string;
}

export interface CheckSurroundings {
  readonly clock: Clock;
  readonly path: string | undefined;
}

export async function checkHost(config: AgentConfig, { clock, path }: CheckSurroundings): Promise<readonly CheckRow[]> {
  const stored = await openCredentialsStore(config.stateDirectory)
    .load()
    .catch((error: unknown): CredentialsOutcome => ({ kind: 'damaged', reason: HephaestusError.from(error).message }));
  return [...(await checkSources(config, path)), await checkReach(config, stored), ...checkCertificate(stored, clock.now())];
}

async function checkSources(config: AgentConfig, path: string | undefined): Promise<readonly CheckRow[]> {
  const rows: CheckRow[] = [];
  if (config.sources.length === 0)
    rows.push({ outcome: 'note', subject: 'sources', message: 'none is configured; what this host logs is looked for, as the agent does' });
  const effective = effectiveSources(config.sources).sources;
  for (const { id, file, journal, disabled } of effective) {
    const subject = `source ${id}`;
    if (disabled) rows.push({ outcome: 'note', subject, message: 'disabled' });
    else if (file !== undefined) {
      const files = explainFiles([{ id, include: file.include, exclude: file.exclude }], []);
      const read = files.filter(({ sources }) => sources.length > 0);
      for (const { path: name, reason, isDenied } of files.filter(({ sources }) => sources.length === 0))
        rows.push({ outcome: isDenied ? 'failed' : 'note', subject, message: `${name}: ${reason}` });
      const none = `no file matches ${file.include.join(', ')} that can be read; one that appears later is followed`;
      rows.push(
        read.length > 0 ? { outcome: 'ok', subject, message: `${read.length} file(s)` } : { outcome: 'note', subject, message: none },
      );
    } else if (journal !== undefined) rows.push(await checkJournal(subject, journal.directory, path));
  }
  return [...rows, ...checkShared(effective)];
}

/** A file that several sources match is read by each, so that its lines arrive as often. */
function checkShared(sources: readonly SourceSettings[]): readonly CheckRow[] {
  const patterns = sources.flatMap(({ id, file, disabled }) =>
    file === undefined || disabled ? [] : [{ id, include: file.include, exclude: file.exclude }],
  );
  const shared = explainFiles(patterns, []).filter((each) => each.sources.length > 1);
  return [...Map.groupBy(shared, (each) => each.sources.join(', '))].map(([ids, files]) => {
    const others = files.length > 1 ? ` and ${files.length - 1} more` : '';
    const message = `${files[0]?.path ?? ''}${others} is read by each of them, so its lines arrive as often; exclude it from all but one`;
    return { outcome: 'note', subject: `sources ${ids}`, message };
  });
}

async function checkJournal(subject: string, directory: string | undefined, path: string | undefined): Promise<CheckRow> {
  const where = directory === undefined || directory === '' ? [] : ['--directory', directory];
  const result = await runProcess({
    command: 'journalctl',
    args: ['--quiet', '-n', '1', '-o', 'cat', ...where],
    cwd: '/',
    env: { PATH: path ?? '/usr/bin:/bin' },
    timeoutMs: 10_000,
    maxOutputBytes: 4096,
  });
  if (result.kind === 'exited' && result.exitCode === 0) return { outcome: 'ok', subject, message: 'the journal can be read' };
  const detail = 'stderr' in result ? result.stderr.toString('utf8').trim() : 'message' in result ? result.message : '';
  return { outcome: 'failed', subject, message: `the journal cannot be read: ${detail}; the user must be in the group systemd-journal` };
}

async function checkReach({ coordinator }: AgentConfig, stored: CredentialsOutcome): Promise<CheckRow> {
  const place = showCoordinatorAddress(coordinator);
  const outcome = await checkConnection(coordinator, stored.kind === 'present' ? stored.credentials : undefined);
  switch (outcome.kind) {
    case 'trusted':
      return { outcome: 'ok', subject: 'connection', message: `${place} is the coordinator that this node trusts` };
    case 'reachable':
      return { outcome: 'ok', subject: 'connection', message: `${place} answers; whether it is the right one shows when enrolling` };
    case 'not-trusted':
      return {
        outcome: 'failed',
        subject: 'connection',
        message: `${place} is not the coordinator that this node trusts: ${outcome.reason}`,
      };
    case 'unreachable':
      return { outcome: 'unreachable', subject: 'connection', message: `${place} cannot be reached: ${outcome.reason}` };
  }
}

function checkCertificate(stored: CredentialsOutcome, nowMs: number): readonly CheckRow[] {
  const now = new Date(nowMs).toISOString();
  if (stored.kind === 'absent') {
    const message = 'not enrolled yet; run: hephaestus-agent enroll --token-file FILE';
    return [
      { outcome: 'note', subject: 'certificate', message },
      { outcome: 'note', subject: 'clock', message: `${now}; nothing to compare it with before enrolment` },
    ];
  }
  if (stored.kind === 'damaged') return [{ outcome: 'failed', subject: 'certificate', message: stored.reason }];
  const { nodeId, validFromMs, expiresAtMs } = stored.credentials;
  const until = new Date(expiresAtMs).toISOString();
  const early = nowMs < validFromMs;
  return [
    expiresAtMs > nowMs
      ? { outcome: 'ok', subject: 'certificate', message: `node ${nodeId}, until ${until}; it renews itself` }
      : { outcome: 'note', subject: 'certificate', message: `expired at ${until}; the agent asks for a new one when it starts` },
    {
      outcome: early ? 'failed' : 'ok',
      subject: 'clock',
      message: early
        ? `${now} is before the certificate begins (${new Date(validFromMs).toISOString()}): set the clock`
        : `${now} agrees with the certificate`,
    },
  ];
}
