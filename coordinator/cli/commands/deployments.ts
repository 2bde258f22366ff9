// `hephaestusctl deployments`: which revision of a service runs where, for pipelines to record and people to see.
// Must never find out a revision itself.
import type { Command } from 'commander';
import type { Deployment } from '../../../proto/index.ts';
import { countArgument, timeArgument } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { ago } from '../presentation.ts';
import { table, type Column } from '../table.ts';

export function addDeploymentsCommands(program: Command, context: CommandContext): void {
  const deployments = program.command('deployments').description('which revision of a service runs where');

  deployments
    .command('record')
    .description('a revision began to run; call it at the end of a deployment, once for the service or once for each node')
    .argument('<service>', 'as incidents name it')
    .argument('<revision>', 'commit, tag or version')
    .option('--node <NODE>', 'only on this node (id or name)', '')
    .option('--time <TIME>', 'when, or how long ago (default: now)')
    .action(async (service: string, revision: string, options: { node: string; time?: string }, command: Command) => {
      const time = timeArgument('--time', options.time, context.now());
      const { connection, output } = await context.open(command);
      const { deployment } = await connection.deployments.recordDeployment({ service, revision, nodeId: options.node, time });
      output.show(deployment, () => `${service} runs ${revision} on ${options.node === '' ? 'every node' : options.node}`);
    });

  deployments
    .command('list')
    .description('what was recorded, latest first')
    .option('--service <NAME>', 'only of this service', '')
    .option('--limit <COUNT>', 'at most this many; 0 means all', '50')
    .action(async (options: { service: string; limit: string }, command: Command) => {
      const limit = countArgument('--limit', options.limit, 1_000_000);
      const { connection, output } = await context.open(command);
      const found = await collectPages(limit, async (page) => {
        const answer = await connection.deployments.listDeployments({ page, service: options.service });
        return { items: answer.deployments, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no deployments' : table(found, columns(context.now()), style)));
    });
}

function columns(nowMs: number): Column<Deployment>[] {
  return [
    { title: 'SERVICE', value: (deployment) => deployment.service },
    { title: 'REVISION', value: (deployment) => deployment.revision, stretch: true },
    { title: 'NODE', value: (deployment) => (deployment.nodeId === '' ? 'all' : deployment.nodeId) },
    { title: 'SINCE', value: (deployment) => ago(deployment.time, nowMs) },
    { title: 'BY', value: (deployment) => deployment.recordedBy },
  ];
}
