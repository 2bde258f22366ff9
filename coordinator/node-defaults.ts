// The node configuration that the coordinator's file gives to nodes that weren't announced with their own.
// Must never be sent where it names neither sources nor what to ship; then the agent's own file decides.
import type { CoordinatorConfiguration } from './config.ts';
import { emptyNodeConfiguration, type NodeConfiguration, type SourceConfiguration } from './nodes/node-configuration.ts';

export function defaultNodeConfiguration({ nodeDefaults }: CoordinatorConfiguration): NodeConfiguration {
  return {
    ...emptyNodeConfiguration,
    mode: nodeDefaults.mode,
    shipping: nodeDefaults.shipping,
    heartbeatIntervalMs: nodeDefaults.heartbeatInterval,
    sources: nodeDefaults.sources.map(toSource),
  };
}

function toSource(source: CoordinatorConfiguration['nodeDefaults']['sources'][number]): SourceConfiguration {
  const { id, service, labels, maxBytesPerSecond, file, journal } = source;
  return {
    id,
    service,
    labels,
    maxBytesPerSecond,
    framing: undefined,
    disabled: false,
    input:
      file === undefined
        ? { kind: 'journal', minimumSeverity: undefined, ...(journal ?? { units: [], identifiers: [], directory: '' }) }
        : { kind: 'file', ...file },
  };
}
