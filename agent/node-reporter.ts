// What the heartbeat says of this agent: facts, vitals, the state of its sources, and the health that follows from all that.
// Must never change anything; it asks.
import type { FactsReader } from './host/facts.ts';
import type { RevisionReader } from './host/revisions.ts';
import type { VitalsReader } from './host/vitals.ts';
import type { SourceStatus } from './record.ts';
import type { ConfigurationState } from './session/directives.ts';
import type { HealthPart, HealthStatus, NodeReporter } from './session/node-report.ts';
import type { SessionStatus } from './session/session.ts';

export interface NodeReporterOptions {
  readonly facts: FactsReader;
  readonly vitals: VitalsReader;
  readonly sources: () => readonly SourceStatus[];
  readonly revisions: RevisionReader;
  readonly session: () => SessionStatus;
  readonly configuration: () => ConfigurationState;
  /** Why positions can't be written; undefined while they can. */
  readonly positionsFailure: () => string | undefined;
}

/** Older than this without an acknowledgement, shipping counts as degraded. */
const slowAckMs = 30_000;

export function createNodeReporter(options: NodeReporterOptions): NodeReporter {
  const { facts, vitals, sources, revisions, session, configuration, positionsFailure } = options;
  return {
    facts: () => facts.read(),
    vitals: () => vitals.read(),
    sources,
    revisions: () => revisions.read(),
    health() {
      const parts = [
        ...sources().map(judgeSource),
        judgeSession(session()),
        part('positions', positionsFailure() === undefined ? 'ok' : 'degraded', positionsFailure() ?? ''),
        judgeConfiguration(configuration()),
      ];
      return { ...worstOf(parts), name: 'agent', parts };
    },
  };
}

function part(name: string, status: HealthStatus, reason: string): HealthPart {
  return { name, status, reason, parts: [] };
}

function judgeSource({ source, condition, reason }: SourceStatus): HealthPart {
  // A source that works but has something to say (watches exhausted, say) is degraded.
  const status: HealthStatus = condition === 'failed' ? 'failed' : condition !== 'waiting' && reason !== '' ? 'degraded' : 'ok';
  return part(`source ${source}`, status, reason);
}

function judgeSession(status: SessionStatus): HealthPart {
  if (status.state !== 'shipping') return part('session', status.state === 'waiting' ? 'degraded' : 'ok', status.reason);
  if (status.oldestUnacknowledgedMs <= slowAckMs) return part('session', 'ok', '');
  return part('session', 'degraded', `nothing was acknowledged for ${Math.round(status.oldestUnacknowledgedMs / 1000)} s`);
}

function judgeConfiguration({ offeredHash, lastFailedHash, reasons }: ConfigurationState): HealthPart {
  const isRefused = offeredHash !== '' && offeredHash === lastFailedHash;
  return part(
    'configuration',
    isRefused ? 'degraded' : 'ok',
    isRefused ? `the pushed configuration was refused: ${reasons.join('; ')}` : '',
  );
}

function worstOf(parts: readonly HealthPart[]): { readonly status: HealthStatus; readonly reason: string } {
  const failed = parts.filter(({ status }) => status === 'failed');
  const degraded = parts.filter(({ status }) => status === 'degraded');
  // One source that fails doesn't fail the agent, all of it would.
  const status: HealthStatus = failed.length === 0 && degraded.length === 0 ? 'ok' : 'degraded';
  return { status, reason: [...failed, ...degraded].map(({ name, reason }) => `${name}: ${reason}`).join('; ') };
}
