// Sees to it that what a call does is recorded, and who was turned away.
// Must never keep more of a request than the table of permissions names.
import type { CallContext, ServerMiddlewareCall } from 'nice-grpc';
import { HephaestusError } from '../../base/errors.ts';
import type { AuditLog } from '../access/audit-log.ts';
import type { Actor } from '../access/audit-store.ts';
import type { RefusalLog } from '../access/refusal-log.ts';
import type { CallIdentity } from './call-identity.ts';
import type { RecordedAct } from './permissions.ts';

type Identified = CallContext & { readonly identity: CallIdentity };

interface WitnessedCall<Request, Response> {
  readonly call: ServerMiddlewareCall<Request, Response, { identity: CallIdentity }>;
  readonly context: Identified;
  readonly identity: CallIdentity;
  readonly origin: string;
}

export interface Witness {
  /** Runs a call and records it with its outcome, before the answer is sent. */
  act<Request, Response>(
    recorded: RecordedAct,
    witnessed: WitnessedCall<Request, Response>,
  ): AsyncGenerator<Response, Response | void, undefined>;
  /** Records a failure that says that somebody was turned away; other failures pass. */
  refusal(thrown: unknown, call: { readonly path: string; readonly identity: CallIdentity; readonly origin: string }): Promise<void>;
}

const refusalCodes: ReadonlySet<string> = new Set([
  'operator.unauthenticated',
  'operator.forbidden',
  'node.unauthenticated',
  'node.impersonation',
  'enrolment.token-refused',
  'enrolment.certificate-refused',
]);

export function createWitness(audit: AuditLog, refusals: RefusalLog): Witness {
  return {
    async *act({ act, subject, detail }, { call, context, identity, origin }) {
      await audit.requireWritable();
      const request = call.requestStream ? {} : call.request;
      const actor = actorOf(identity, request, origin);
      const record = (outcome: 'done' | 'failed', answer: unknown, more: Readonly<Record<string, unknown>>) =>
        audit.record({
          actor,
          act,
          subject: textOf(valueAt(subject, request, answer)),
          outcome,
          detail: { ...Object.fromEntries(detail.map((path) => [path, valueAt(path, request, answer)])), ...more },
        });
      let answer: unknown;
      try {
        answer = yield* call.next(call.request, context);
      } catch (thrown) {
        const error = HephaestusError.from(thrown);
        // Whoever knocks is counted with the refusals, which are bounded.
        if (!refusalCodes.has(error.code)) await record('failed', undefined, { code: error.code });
        throw thrown;
      }
      await record('done', answer, {});
      return answer as never;
    },
    async refusal(thrown, { path, identity, origin }) {
      const { code } = HephaestusError.from(thrown);
      if (!refusalCodes.has(code)) return;
      await refusals.record({ actor: actorOf(identity, {}, origin), subject: path, code });
    },
  };
}

function actorOf(identity: CallIdentity, request: unknown, origin: string): Actor {
  if (identity.operator !== undefined) return { kind: 'operator', name: identity.operator.name, origin };
  if (identity.node !== undefined) return { kind: 'node', name: identity.node.nodeId, origin };
  // `heph1.<authority>.<id>.<secret>`: the id names the token, the secret stays out.
  const tokenId = /^heph1\.[0-9a-f]{64}\.([0-9A-Z]{26})\./.exec(textOf(valueAt('joinToken', request, undefined)))?.[1];
  return tokenId === undefined ? { kind: 'anonymous', name: '', origin } : { kind: 'join-token', name: tokenId, origin };
}

/** `a.b` of the request, or `answer.a.b` of the answer. */
function valueAt(path: string, request: unknown, answer: unknown): unknown {
  const parts = path.split('.');
  const [first, ...rest] = parts;
  let value = first === 'answer' ? answer : request;
  for (const part of first === 'answer' ? rest : parts) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
