// A node that nothing is known of yet, and the check that its configuration has to pass.
// Must never keep it; the Node Manager does.
import { HephaestusError } from '../../base/errors.ts';
import { createUlid } from '../../base/ulid.ts';
import { checkNodeConfiguration, hashNodeConfiguration, type NodeConfiguration } from './node-configuration.ts';
import type { Node, NodeFacts } from './node.ts';

export function createNode(
  name: string,
  labels: Readonly<Record<string, string>>,
  configuration: NodeConfiguration,
  facts: NodeFacts | undefined,
  nowMs: number,
): Node {
  // Nothing to offer leaves the agent with its own file.
  const isOffered = configuration.sources.length > 0 || configuration.shipping !== undefined;
  return {
    id: createUlid(nowMs),
    name,
    status: 'initializing',
    statusReason: 'waits for its agent',
    labels,
    facts,
    vitals: undefined,
    sources: [],
    registeredAtMs: nowMs,
    lastSeenAtMs: undefined,
    agentVersion: '',
    configuration,
    configurationState: {
      version: isOffered ? 1 : 0,
      offeredHash: isOffered ? hashNodeConfiguration(configuration) : '',
      runningHash: '',
      failedHash: '',
      errors: [],
    },
    certificateSerials: [],
    certificateExpiresAtMs: undefined,
    oldestUnacknowledgedAgeMs: 0,
    gapsTotal: 0,
  };
}

/** @throws HephaestusError `node.configuration-invalid` with every mistake */
export function requireValid(configuration: NodeConfiguration): void {
  const details = checkNodeConfiguration(configuration);
  if (details.length === 0) return;
  const message = `the node configuration is wrong in ${details.length} ${details.length === 1 ? 'place' : 'places'}`;
  throw new HephaestusError({ code: 'node.configuration-invalid', kind: 'validation', message, details });
}
