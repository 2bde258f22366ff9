// Authenticates each call and checks it against the table of permissions, before anything of it is read.
// Must never let a call through that the table doesn't know, and never log a token.
import type { CallContext, ServerMiddlewareCall } from 'nice-grpc';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { hashToken, roleIncludes, type OperatorDirectory, type OperatorRecord } from '../nodes/operator.ts';
import { peerOf } from './peer.ts';
import { permissions } from './permissions.ts';

/** A node that proved itself with a certificate that still counts. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly serial: string;
  readonly expiresAtMs: number;
}

export interface CallIdentity {
  /** Undefined on a connection without a node's certificate. */
  readonly node: NodeIdentity | undefined;
  readonly operator: OperatorRecord | undefined;
}

export interface AuthOptions {
  readonly operators: OperatorDirectory;
  readonly clock: Clock;
  /** The node that a certificate names, if it is one of ours and counts. */
  readonly nodeOf: (certificate: { readonly subjectAltName: string; readonly serial: string }) => string | undefined;
}

/** Adds `identity` to the context of every call. */
export function authMiddleware(options: AuthOptions) {
  return async function* authorize<Request, Response>(
    call: ServerMiddlewareCall<Request, Response, { identity: CallIdentity }>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> {
    const identity = await identify(options, call.method.path, context);
    return yield* call.next(call.request, { ...context, identity });
  };
}

async function identify(options: AuthOptions, path: string, context: CallContext): Promise<CallIdentity> {
  const permission = Object.hasOwn(permissions, path) ? permissions[path] : undefined;
  switch (permission) {
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
    case undefined:
      throw new HephaestusError({ code: 'operator.forbidden', kind: 'validation', message: `nobody may call ${path}` });
    default: {
      const operator = await operatorOf(options, context);
      if (operator === undefined) throw unauthenticated('operator', 'this needs an operator token: authorization: Bearer …');
      if (!roleIncludes(operator.role, permission)) {
        const message = `${operator.name} has the role ${operator.role}, and this needs ${permission}`;
        throw new HephaestusError({ code: 'operator.forbidden', kind: 'validation', message });
      }
      return { node: undefined, operator };
    }
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
  return options.operators.find(hashToken(token));
}

function unauthenticated(who: 'node' | 'operator', message: string): HephaestusError {
  return new HephaestusError({ code: `${who}.unauthenticated`, kind: 'validation', message });
}
