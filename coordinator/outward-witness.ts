// Records what the coordinator does to a forge, whoever asked for it.
// Must never let an act through that can't be recorded.
import { HephaestusError } from '../base/errors.ts';
import { coordinatorActor, type AuditLog } from './access/audit-log.ts';
import type { OutwardWitness } from './repository/repository-service.ts';

export function witnessOutward(audit: AuditLog): OutwardWitness {
  return async (act, { name }, detail, run) => {
    await audit.requireWritable();
    const record = (outcome: 'done' | 'failed', more: Readonly<Record<string, unknown>>) =>
      audit.record({ actor: coordinatorActor, act, subject: name, outcome, detail: { ...detail, ...more } });
    try {
      const result = await run();
      await record('done', {});
      return result;
    } catch (thrown) {
      await record('failed', { code: HephaestusError.from(thrown).code });
      throw thrown;
    }
  };
}
