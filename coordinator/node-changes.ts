// What the Node Manager knows of changes on a host, for incidents to name: a boot, another agent, a configuration that was pushed.
// Must never take a first report for a change.
import type { Change } from './incidents/incident.ts';
import type { Node } from './nodes/node.ts';

export function changesOfNode(before: Node, after: Node, nowMs: number): readonly Change[] {
  const changes: Change[] = [];
  const add = (kind: Change['kind'], timeMs: number, text: string): void =>
    void changes.push({ kind, nodeId: after.id, service: '', timeMs, text });
  const bootBefore = before.facts?.bootId ?? '';
  const boot = after.facts?.bootId ?? '';
  if (bootBefore !== '' && boot !== '' && boot !== bootBefore) add('boot', after.facts?.bootedAtMs ?? nowMs, `host ${after.name} booted`);
  const kernel = after.facts?.kernel ?? '';
  if ((before.facts?.kernel ?? kernel) !== kernel) add('package', nowMs, `kernel ${before.facts?.kernel ?? ''} became ${kernel}`);
  if (before.agentVersion !== '' && after.agentVersion !== before.agentVersion)
    add('package', nowMs, `hephaestus-agent ${before.agentVersion} became ${after.agentVersion}`);
  const { version, runningHash } = after.configurationState;
  if (version !== before.configurationState.version) add('configuration', nowMs, `version ${version} of the configuration was pushed`);
  const runningBefore = before.configurationState.runningHash;
  if (runningBefore !== '' && runningHash !== runningBefore)
    add('configuration', nowMs, `the agent runs configuration ${runningHash.slice(0, 12)}`);
  return changes;
}
