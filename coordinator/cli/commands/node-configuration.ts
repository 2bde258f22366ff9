// `hephaestusctl nodes configuration`, `configure` and `ship`: what nodes are told to do, and whether they do it.
// Must never change what a document leaves to the agent's own file.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { HephaestusError } from '../../../base/errors.ts';
import { NodeStatus, OperationalMode, Shipping, type NodeStatusResponse } from '../../../proto/index.ts';
import { countArgument, durationArgument, enumArgument } from '../arguments.ts';
import type { OperatorConnection } from '../client.ts';
import type { CommandContext } from '../command-context.ts';
import { usage } from '../command-context.ts';
import { readNodeSettings, writeNodeSettings } from '../node-settings.ts';

const lookMs = 200;
const mostVersion = 2 ** 31;

export function addNodeConfigurationCommands(nodes: Command, context: CommandContext): void {
  nodes
    .command('configuration')
    .description("what a node is told, laid over its own file; in the shape of the agent's file, so that configure takes it back")
    .argument('<node>', 'id or name')
    .action(async (nodeId: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { node, configuration } = await connection.nodes.getNode({ nodeId });
      const settings = configuration === undefined ? {} : writeNodeSettings(configuration);
      output.show(settings, () => {
        const about = node === undefined ? '' : `# version ${node.configurationVersion}, ${configurationState(node)}\n`;
        return `${about}${stringify(settings)}`.trimEnd();
      });
    });

  nodes
    .command('configure')
    .description("tell a node what to do: sources, limits and more, in the shape of the agent's file, laid over it")
    .argument('<node>', 'id or name')
    .argument('<file>', 'YAML or JSON; - for standard input. It replaces what was told before')
    .option('--expect <VERSION>', 'only if the configuration is still at this version; 0 means any', '0')
    .option('--wait <TIME>', 'for the node to run or refuse it; 0s means not at all', '20s')
    .action(async (nodeId: string, file: string, options: { expect: string; wait: string }, command: Command) => {
      const expectedVersion = countArgument('--expect', options.expect, mostVersion);
      const waitMs = durationArgument('--wait', options.wait).ms;
      const text = file === '-' ? await context.readStandardInput() : await readDocument(file);
      const configuration = readNodeSettings(file === '-' ? 'standard input' : file, text);
      const { connection, output } = await context.open(command);
      if (configuration.operationalMode === OperationalMode.UNSPECIFIED) {
        // The coordinator knows no node without a mode; the one that it has stays.
        const before = await connection.nodes.getNode({ nodeId });
        configuration.operationalMode = before.node?.operationalMode ?? OperationalMode.UNSPECIFIED;
      }
      const { version, hash } = await connection.nodes.updateNodeConfiguration({ nodeId, configuration, expectedVersion });
      output.done(`version ${version} is told to node ${nodeId}`);
      if (waitMs > 0) output.done(await outcomeOf(connection, nodeId, hash, waitMs, context.signal));
    });

  nodes
    .command('ship')
    .description('what a node sends: every record, or problems with what stood around them and counts of everything')
    .argument('<node>', 'id or name')
    .argument('<what>', 'all or problems')
    .action(async (nodeId: string, what: string, _options: unknown, command: Command) => {
      const shipping = enumArgument('ship', what, Shipping);
      const { connection, output } = await context.open(command);
      const { node, configuration } = await connection.nodes.getNode({ nodeId });
      const expectedVersion = node?.configurationVersion ?? 0;
      // All else stays as it is.
      const changed = { ...configuration, shipping };
      await connection.nodes.updateNodeConfiguration({ nodeId, configuration: changed, expectedVersion });
      output.done(`node ${nodeId} is told to ship ${what}; nodes get says when it runs`);
    });
}

export function configurationState(node: NodeStatusResponse): string {
  if (node.offeredConfigurationHash === '') return 'none offered';
  if (node.failedConfigurationHash === node.offeredConfigurationHash) return 'refused by the agent';
  return node.runningConfigurationHash === node.offeredConfigurationHash ? 'running' : 'offered, not running yet';
}

async function readDocument(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usage(`cannot read ${file}: ${HephaestusError.from(error).message}`);
  }
}

/** @throws what the node answered, if it refused */
async function outcomeOf(
  connection: OperatorConnection,
  nodeId: string,
  hash: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<string> {
  const startedAtMs = performance.now();
  for (;;) {
    const { node } = await connection.nodes.getNode({ nodeId });
    if (node === undefined || node.offeredConfigurationHash !== hash)
      return 'something else was told to it meanwhile; see nodes configuration';
    if (node.runningConfigurationHash === hash) return 'it runs';
    if (node.failedConfigurationHash === hash) {
      const reasons = node.configurationErrors.map((reason) => `\n  ${reason}`).join('');
      const message = `the node refused it, what ran before runs on:${reasons}`;
      throw new HephaestusError({ code: 'node.configuration-refused', kind: 'validation', message });
    }
    if (!node.connected || node.status === NodeStatus.INACTIVE) return 'it is not connected, and will run it when it is';
    if (performance.now() - startedAtMs > waitMs) return 'it has not answered yet; nodes get says when it does';
    await delay(lookMs, undefined, { signal });
  }
}
