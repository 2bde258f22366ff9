// Joins who may do what with what is recorded of it: operators, the audit log, and the witness between them.
// Must never hold logic; compose.ts calls it, tests call compose.
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { AuditLog, coordinatorActor } from './access/audit-log.ts';
import { readConfiguredOperators } from './access/operator.ts';
import { Operators } from './access/operators.ts';
import { RefusalLog } from './access/refusal-log.ts';
import { createAuditService, createOperatorService, createSecretService } from './api/access-services.ts';
import { CallLimits } from './api/call-limits.ts';
import { createWitness, type Witness } from './api/act-witness.ts';
import { longestSocketBytes } from './api/local-socket.ts';
import type { Services } from './api/server.ts';
import { createAuditAnchor } from './audit-anchor.ts';
import { recordStart } from './audit-start.ts';
import { witnessOutward } from './outward-witness.ts';
import type { OutwardWitness } from './repository/repository-service.ts';
import type { CoordinatorConfiguration } from './config.ts';
import type { Chore } from './housekeeping.ts';
import { stateFiles } from './state-directory.ts';
import { createAuditStore, createOperatorStore } from './store/access-records.ts';
import type { Database } from './store/database.ts';
import type { SecretStore } from './store/secrets.ts';

export interface AccessInputs {
  readonly config: CoordinatorConfiguration;
  readonly database: Database;
  readonly masterKey: Buffer;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface AccessParts {
  readonly audit: AuditLog;
  readonly operators: Operators;
  readonly witness: Witness;
  readonly limits: CallLimits;
  readonly outward: OutwardWitness;
  /** Records that settings were read again and are others. */
  readonly onSettings: (paths: readonly string[]) => Promise<void>;
  readonly services: Pick<Services, 'operators' | 'audit' | 'secrets'>;
  readonly chores: readonly Chore[];
  /** Empty: none. */
  readonly localSocket: string;
}

function defaultSocket(stateDirectory: string, logger: Logger): string {
  const path = join(stateDirectory, 'coordinator.sock');
  if (Buffer.byteLength(path) <= longestSocketBytes) return path;
  logger.warn('no local socket: its path would be too long; choose a shorter one with localSocket', { path });
  return '';
}

export async function composeAccess(inputs: AccessInputs): Promise<AccessParts> {
  const { config, database, masterKey, secrets, clock, logger } = inputs;
  const audit = new AuditLog({
    store: createAuditStore(database),
    anchor: createAuditAnchor(stateFiles(config.stateDirectory).auditAnchor, masterKey),
    clock,
    logger: logger.withContext({ component: 'audit' }),
  });
  await audit.open();
  await recordStart(audit, config);
  const configured = await readConfiguredOperators(config.operators, (name) => secrets.get(name));
  const operators = new Operators({ store: createOperatorStore(database), configured, clock });
  const refusals = new RefusalLog(audit, clock);
  return {
    audit,
    operators,
    witness: createWitness(audit, refusals),
    limits: new CallLimits(config.limits, clock),
    outward: witnessOutward(audit),
    onSettings: async (paths) => {
      const detail = { changed: paths, how: 'reload' };
      await audit.record({ actor: coordinatorActor, act: 'configuration.change', subject: paths.join(' '), outcome: 'done', detail });
    },
    services: {
      operators: createOperatorService(operators),
      audit: createAuditService(audit),
      secrets: createSecretService(secrets),
    },
    chores: [refusals.chore],
    localSocket: config.localSocket ?? defaultSocket(config.stateDirectory, logger),
  };
}
