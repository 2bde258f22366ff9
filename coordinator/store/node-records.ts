// Keeps nodes and join tokens.
// Must never decide who may become a node; it counts and keeps.
import type { Insertable, Selectable } from 'kysely';
import type { Node } from '../nodes/node.ts';
import type { JoinToken, JoinTokenStore, NodeStore, TokenUse } from '../nodes/node-store.ts';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';

/** The node's own columns are for queries; the JSON holds all of it. */
export function createNodeStore(database: Database): NodeStore {
  const saveAll = async (nodes: readonly Node[]): Promise<void> => {
    if (nodes.length === 0) return;
    await database.transaction().execute(async (transaction) => {
      for (const node of nodes) {
        const row = nodeRow(node);
        const { id: _id, ...rest } = row;
        await transaction
          .insertInto('nodes')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
          .execute();
      }
    });
  };
  return {
    async list(includeRemoved) {
      let query = database.selectFrom('nodes').select('node_json');
      if (!includeRemoved) query = query.where('removed', '=', 0);
      return (await query.execute()).map((row) => JSON.parse(row.node_json) as Node);
    },
    save: (node) => saveAll([node]),
    saveAll,
  };
}

function nodeRow(node: Node): Insertable<Tables['nodes']> {
  return {
    id: node.id,
    name: node.name,
    removed: node.status === 'removed' ? 1 : 0,
    registered_at_ms: node.registeredAtMs,
    last_seen_at_ms: node.lastSeenAtMs ?? null,
    node_json: JSON.stringify(node),
  };
}

export function createJoinTokenStore(database: Database): JoinTokenStore {
  return {
    async add(token) {
      const { secretHash, createdAtMs, expiresAtMs, useLimit, nodeName, createdBy } = token;
      await database
        .insertInto('join_tokens')
        .values({
          id: token.id,
          secret_hash: secretHash,
          created_at_ms: createdAtMs,
          expires_at_ms: expiresAtMs,
          use_limit: useLimit,
          uses: token.uses,
          revoked: token.revoked ? 1 : 0,
          node_name: nodeName,
          labels_json: JSON.stringify(token.labels),
          created_by: createdBy,
        })
        .execute();
    },
    async list() {
      return (await database.selectFrom('join_tokens').selectAll().orderBy('id', 'desc').execute()).map(readToken);
    },
    async get(id) {
      const row = await database.selectFrom('join_tokens').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : readToken(row);
    },
    async revoke(id) {
      const result = await database.updateTable('join_tokens').set({ revoked: 1 }).where('id', '=', id).executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async use(id, nowMs): Promise<TokenUse> {
      // One statement: two hosts with the last use of a token can't both have it.
      const row = await database
        .updateTable('join_tokens')
        .set((expression) => ({ uses: expression('uses', '+', 1) }))
        .where('id', '=', id)
        .where('revoked', '=', 0)
        .where('expires_at_ms', '>', nowMs)
        .whereRef('uses', '<', 'use_limit')
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? { kind: 'refused' } : { kind: 'used', token: readToken(row) };
    },
  };
}

function readToken(row: Selectable<Tables['join_tokens']>): JoinToken {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    useLimit: row.use_limit,
    uses: row.uses,
    revoked: row.revoked !== 0,
    nodeName: row.node_name,
    labels: JSON.parse(row.labels_json) as Record<string, string>,
    createdBy: row.created_by,
  };
}
