// SystemService: how the coordinator itself fares.
// Must never show a secret: a reference and whether it is set, no more.
import type { DiagnosticFinding, SystemConfiguration, SystemServiceImplementation } from '../../proto/index.ts';
import { version } from '../../base/version.ts';
import type { CallIdentity } from './call-identity.ts';
import { writeTime } from './wire-values.ts';

export interface SystemFacts {
  readonly startedAtMs: number;
  readonly components: () => Promise<readonly { readonly name: string; readonly ready: boolean; readonly reason: string }[]>;
  readonly nodes: () => ReadonlyMap<string, number>;
  readonly incidents: () => Promise<ReadonlyMap<string, number>>;
  readonly entriesTotal: () => number;
  readonly entriesPerSecond: () => number;
  readonly pendingJobs: () => Promise<number>;
  readonly modelProvider: () => string;
  readonly configuration: () => Promise<SystemConfiguration>;
  readonly diagnose: () => Promise<readonly DiagnosticFinding[]>;
}

export function createSystemService(facts: SystemFacts): SystemServiceImplementation<{ identity: CallIdentity }> {
  return {
    async getStatus() {
      return {
        version,
        startedAt: writeTime(facts.startedAtMs),
        components: (await facts.components()).map((component) => ({ ...component })),
        nodes: Object.fromEntries(facts.nodes()),
        incidents: Object.fromEntries(await facts.incidents()),
        entriesTotal: facts.entriesTotal(),
        entriesPerSecond: facts.entriesPerSecond(),
        pendingJobs: await facts.pendingJobs(),
        modelProvider: facts.modelProvider(),
      };
    },
    async getConfiguration() {
      return { configuration: await facts.configuration() };
    },
    async diagnose() {
      return { findings: [...(await facts.diagnose())] };
    },
  };
}
