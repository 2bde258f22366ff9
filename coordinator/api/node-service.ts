// NodeService: the Node Manager and join tokens, for operators.
// Must never hold logic of its own; it translates and delegates.
import { HephaestusError } from '../../base/errors.ts';
import type { NodeServiceImplementation } from '../../proto/index.ts';
import type { JoinTokens } from '../nodes/join-token.ts';
import { mostContextLines, readContext } from '../nodes/node-context.ts';
import type { NodeManager } from '../nodes/node-manager.ts';
import type { NodeQuestions } from '../nodes/node-questions.ts';
import type { Node } from '../nodes/node.ts';
import type { CallIdentity } from './call-identity.ts';
import { requireSeen, type Views } from './view.ts';
import { pageOf } from './page.ts';
import { readNodeConfiguration, writeNodeConfiguration, writeSource } from './wire-node-configuration.ts';
import { readNodeStatus, writeJoinToken, writeNode, writeSourceState } from './wire-node.ts';
import { readDuration } from './wire-values.ts';

export function createNodeService(
  nodes: NodeManager,
  tokens: JoinTokens,
  views: Views,
  questions: NodeQuestions,
): NodeServiceImplementation<{ identity: CallIdentity }> {
  const show = (node: Node) => writeNode(node, nodes.isConnected(node.id));
  /** By id or name, if the caller sees it. */
  const find = async (context: { readonly identity: CallIdentity }, idOrName: string): Promise<Node> => {
    const view = await views.of(context);
    const node = view.isWhole ? nodes.getNode(idOrName) : (nodes.find(idOrName) ?? nodes.findByName(idOrName));
    requireSeen(node !== undefined && view.seesNode(node.id), 'node', idOrName);
    return nodes.getNode(idOrName);
  };
  return {
    async registerNode(request) {
      const configuration = request.configuration === undefined ? undefined : readNodeConfiguration(request.configuration);
      return { node: show(await nodes.registerNode({ name: request.name, labels: request.labels, configuration })) };
    },
    async updateNodeStatus(request, context) {
      const status = readNodeStatus(request.status);
      if (status === undefined) throw invalid('status', 'must be given');
      const { id } = await find(context, request.nodeId);
      return { node: show(await nodes.updateNodeStatus(id, status, request.reason)) };
    },
    async getNode(request, context) {
      const node = await find(context, request.nodeId);
      return { node: show(node), configuration: writeNodeConfiguration(node.id, node.configuration) };
    },
    async listNodes(request, context) {
      const statuses = request.statuses.flatMap((status) => readNodeStatus(status) ?? []);
      const view = await views.of(context);
      const found = nodes
        .listNodes({ statuses, labels: request.labels, nameContains: request.nameContains })
        .filter((node) => view.seesNode(node.id));
      const { items, nextPageToken } = pageOf('nodes', found, request.page, (node) => node.id);
      return { nodes: items.map(show), nextPageToken };
    },
    async removeNode(request) {
      await nodes.removeNode(request.nodeId);
      return {};
    },
    async updateNodeConfiguration(request) {
      if (request.configuration === undefined) throw invalid('configuration', 'must be given');
      const node = await nodes.updateNodeConfiguration(
        request.nodeId,
        readNodeConfiguration(request.configuration),
        request.expectedVersion,
      );
      return { version: node.configurationState.version, hash: node.configurationState.offeredHash };
    },
    async *watchNodes(request, context) {
      const view = await views.of(context);
      for (const idOrName of request.nodeIds) await find(context, idOrName);
      for await (const node of nodes.watchNodes(request.nodeIds, context.signal)) if (view.seesNode(node.id)) yield { node: show(node) };
    },
    async createJoinToken(request, context) {
      const { token, secret } = await tokens.create({
        ttlMs: readDuration(request.ttl),
        useLimit: request.useLimit,
        nodeName: request.nodeName,
        labels: request.labels,
        createdBy: context.identity.operator?.name ?? '',
      });
      return { joinToken: writeJoinToken(token), secret };
    },
    async listJoinTokens(request) {
      const { items, nextPageToken } = pageOf('tokens', await tokens.list(request.includeExpired), request.page, (token) => token.id);
      return { joinTokens: items.map(writeJoinToken), nextPageToken };
    },
    async revokeJoinToken(request) {
      await tokens.revoke(request.id);
      return {};
    },
    async collectContext(request, context) {
      const { source, lines } = request;
      if (lines > mostContextLines) throw invalid('lines', `may be ${mostContextLines} at most`);
      if (lines > 0 && source === '') throw invalid('source', 'must be given where lines are asked for');
      const { id } = await find(context, request.nodeId);
      const found = readContext(await questions.ask(id, { kind: 'collect-context', source, lines }, context.signal));
      return { ...found, lines: [...found.lines] };
    },
    async listSources(request, context) {
      const view = await views.of(context);
      const all = (): readonly Node[] =>
        nodes.listNodes({ statuses: [], labels: {}, nameContains: '' }).filter((node) => view.seesNode(node.id));
      const wanted = request.nodeId === '' ? all() : [await find(context, request.nodeId)];
      const { items, nextPageToken } = pageOf(
        'sources',
        wanted.flatMap(sourcesOf),
        request.page,
        (source) => `${source.nodeId}/${source.id}`,
      );
      return {
        sources: items.map(({ nodeId, nodeName, state, configuration }) => ({
          nodeId,
          nodeName,
          state: state === undefined ? undefined : writeSourceState(state),
          configuration: configuration === undefined ? undefined : writeSource(configuration),
        })),
        nextPageToken,
      };
    },
  };
}

/** What is configured here, and what the agent reports beside it (its own file may have more). */
function sourcesOf(node: Node) {
  const ids = new Set([...node.configuration.sources.map((source) => source.id), ...node.sources.map((state) => state.source)]);
  return [...ids].toSorted().map((id) => ({
    id,
    nodeId: node.id,
    nodeName: node.name,
    state: node.sources.find((state) => state.source === id),
    configuration: node.configuration.sources.find((source) => source.id === id),
  }));
}

function invalid(path: string, message: string): HephaestusError {
  return new HephaestusError({ code: 'request.invalid', kind: 'validation', message: `${path} ${message}`, details: [{ path, message }] });
}
