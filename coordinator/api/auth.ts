// Authenticates each call and checks it against the table of permissions, before anything of it is read.
// Must never let a call through that the table doesn't know, and never log a token.
import type { CallContext, ServerMiddlewareCall } from 'nice-grpc';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { isWhole, roleIncludes, socketOperator, type OperatorRecord } from '../access/operator.ts';
import type { Operators } from '../access/operators.ts';
import type { Witness } from './act-witness.ts';
import type { CallLimits } from './call-limits.ts';
import type { CallIdentity, NodeIdentity } from './call-identity.ts';
import { peerOf } from './peer.ts';
import { permissions, type Rule } from './permissions.ts';

export interface AuthOptions {
  readonly operators: Pick<Operators, 'find' | 'hold'>;
  readonly clock: Clock;
  /** The node that a certificate names, if it is one of ours and counts. */
  readonly nodeOf: (certificate: { readonly subjectAltName: string; readonly serial: string }) => string | undefined;
  /** Records what is done, and who was turned away. */
  readonly witness: Witness;
  readonly limits: CallLimits;
}

/** Where calls come in: the port that everybody reaches, or the socket that only root reaches. */
export type Entrance = 'port' | 'socket';

/** Adds `identity` to the context of every call. */
export function authMiddleware(options: AuthOptions, entrance: Entrance) {
  const { witness, operators, limits } = options;
  return async function* authorize<Request, Response>(
    call: ServerMiddlewareCall<Request, Response, { identity: CallIdentity }>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> {
    const { path } = call.method;
    const rule = Object.hasOwn(permissions, path) ? permissions[path] : undefined;
    const origin = entrance === 'socket' ? 'socket' : context.peer;
    let identity: CallIdentity = { node: undefined, operator: undefined };
    let leave = (): void => undefined;
    try {
      if (entrance === 'port') limits.call(context.peer);
      if (rule === undefined)
        throw new HephaestusError({ code: 'operator.forbidden', kind: 'validation', message: `nobody may call ${path}` });
      identity = await identify(options, rule, context, entrance);
      requirePermission(rule, identity);
      if (entrance === 'port' && rule.needs === 'enrolment' && identity.node === undefined) limits.enrolment(context.peer);
      if (entrance === 'port' && (call.responseStream || call.requestStream)) leave = holdStream(limits, identity);
      if (rule.recorded !== undefined)
        return yield* witness.act(rule.recorded, { call, context: { ...context, identity }, identity, origin });
      if (identity.operator === undefined || !call.responseStream) return yield* call.next(call.request, { ...context, identity });
      const held = operators.hold(identity.operator);
      try {
        yield* call.next(call.request, { ...context, identity, signal: AbortSignal.any([context.signal, held.signal]) });
      } catch (thrown) {
        if (held.signal.aborted && !context.signal.aborted) throw held.signal.reason;
        throw thrown;
      } finally {
        held.close();
      }
      // A watch that just stops when its signal aborts must still say why.
      if (held.signal.aborted && !context.signal.aborted) throw held.signal.reason;
    } catch (thrown) {
      await witness.refusal(thrown, { path, identity, origin });
      throw thrown;
    } finally {
      leave();
    }
  };
}

function holdStream(limits: CallLimits, { node, operator }: CallIdentity): () => void {
  if (node !== undefined) return limits.stream('node', node.nodeId);
  return operator === undefined ? () => undefined : limits.stream('operator', operator.id);
}

async function identify(options: AuthOptions, { needs }: Rule, context: CallContext, entrance: Entrance): Promise<CallIdentity> {
  switch (needs) {
    case 'open':
      return { node: undefined, operator: undefined };
    case 'enrolment':
      // Renew uses the node if there is one; Enroll doesn't look.
      return { node: nodeOf(options, context), operator: undefined };
    case 'node': {
      const node = nodeOf(options, context);
      if (node === undefined) {
        throw unauthenticated(
          'node',
          'this needs the certificate of a node of this coordinator, and it has none, a foreign one, or one that was revoked; enrol the host',
        );
      }
      return { node, operator: undefined };
    }
    default: {
      const operator = entrance === 'socket' ? socketOperator : await operatorOf(options, context);
      if (operator === undefined) {
        throw unauthenticated(
          'operator',
          'this needs an operator token that is neither wrong, expired nor revoked: authorization: Bearer …',
        );
      }
      return { node: undefined, operator };
    }
  }
}

function requirePermission({ needs, reach }: Rule, { operator }: CallIdentity): void {
  if (operator === undefined || needs === 'open' || needs === 'enrolment' || needs === 'node') return;
  const forbid = (message: string): HephaestusError => new HephaestusError({ code: 'operator.forbidden', kind: 'validation', message });
  if (!roleIncludes(operator.role, needs)) throw forbid(`${operator.name} has the role ${operator.role}, and this needs ${needs}`);
  if (reach === 'whole' && !isWhole(operator.scope)) {
    throw forbid(`${operator.name} is narrowed to some repositories or nodes, and this concerns all of them`);
  }
}

function nodeOf(options: AuthOptions, context: CallContext): NodeIdentity | undefined {
  const peer = peerOf(context);
  // A resumed TLS session isn't checked against the clock again.
  if (peer === undefined || peer.expiresAtMs <= options.clock.now()) return undefined;
  const nodeId = options.nodeOf(peer);
  return nodeId === undefined ? undefined : { nodeId, serial: peer.serial, expiresAtMs: peer.expiresAtMs };
}

async function operatorOf(options: AuthOptions, context: CallContext): Promise<OperatorRecord | undefined> {
  const [scheme, token, ...rest] = (context.metadata.get('authorization') ?? '').trim().split(/ +/);
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) return undefined;
  return options.operators.find(token);
}

function unauthenticated(who: 'node' | 'operator', message: string): HephaestusError {
  return new HephaestusError({ code: `${who}.unauthenticated`, kind: 'validation', message });
}
