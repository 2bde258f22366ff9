// Keeps solution proposals and repositories.
// Must never know how a proposal is made or a repository reached.
import type { Repository, RepositoryStore } from '../repository/repository.ts';
import type { ProposalStore, SolutionProposal } from '../solutions/proposal.ts';
import type { Database } from './database.ts';

export function createProposalStore(database: Database): ProposalStore {
  return {
    async save(proposal) {
      const row = { state: proposal.state, updated_at_ms: proposal.updatedAtMs, proposal_json: JSON.stringify(proposal) };
      await database
        .insertInto('proposals')
        .values({ id: proposal.id, incident_id: proposal.incidentId, created_at_ms: proposal.createdAtMs, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
    async saveWhile(state, { id, state: next, updatedAtMs, ...rest }) {
      const proposal_json = JSON.stringify({ ...rest, id, state: next, updatedAtMs });
      const [result] = await database
        .updateTable('proposals')
        .set({ state: next, updated_at_ms: updatedAtMs, proposal_json })
        .where('id', '=', id)
        .where('state', '=', state)
        .execute();
      return result?.numUpdatedRows === 1n;
    },
    async get(id) {
      const prefix = id.toUpperCase();
      if (prefix === '') return undefined;
      const rows = await database
        .selectFrom('proposals')
        .select('proposal_json')
        .where('id', '>=', prefix)
        .where('id', '<', `${prefix}~`)
        .limit(2)
        .execute();
      const [row] = rows;
      return row === undefined || rows.length > 1 ? undefined : (JSON.parse(row.proposal_json) as SolutionProposal);
    },
    async list({ incidentId, states, limit, after }) {
      let select = database.selectFrom('proposals').select('proposal_json').orderBy('id', 'desc').limit(limit);
      if (incidentId !== undefined) select = select.where('incident_id', '=', incidentId);
      if (states.length > 0) select = select.where('state', 'in', states);
      if (after !== undefined) select = select.where('id', '<', after);
      return (await select.execute()).map((row) => JSON.parse(row.proposal_json) as SolutionProposal);
    },
    async countByState() {
      const rows = await database
        .selectFrom('proposals')
        .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
        .groupBy('state')
        .execute();
      return new Map(rows.map(({ state, count }) => [state, count]));
    },
  };
}

export function createRepositoryStore(database: Database): RepositoryStore {
  return {
    async add(repository) {
      await database
        .insertInto('repositories')
        .values({ id: repository.id, name: repository.name, repository_json: JSON.stringify(repository) })
        .execute();
    },
    async update(repository) {
      await database
        .updateTable('repositories')
        .set({ name: repository.name, repository_json: JSON.stringify(repository) })
        .where('id', '=', repository.id)
        .execute();
    },
    async get(idOrName) {
      const row = await database
        .selectFrom('repositories')
        .select('repository_json')
        .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
        .executeTakeFirst();
      return row === undefined ? undefined : (JSON.parse(row.repository_json) as Repository);
    },
    async list() {
      const rows = await database.selectFrom('repositories').select('repository_json').orderBy('name').execute();
      return rows.map((row) => JSON.parse(row.repository_json) as Repository);
    },
    async remove(id) {
      await database.deleteFrom('repositories').where('id', '=', id).execute();
    },
  };
}
