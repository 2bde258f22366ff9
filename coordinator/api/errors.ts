// The one mapping from our errors to gRPC's status and details.
// Must never show a cause or a stack: they are logged here, the caller gets the message.
import { Status, type CallContext, type ServerMiddlewareCall, ServerError } from 'nice-grpc';
import { BadRequest, ErrorInfo, RetryInfo, RichServerError } from 'nice-grpc-error-details';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';

/** Codes whose status isn't that of their kind. */
const statusByCode: Readonly<Record<string, Status>> = {
  'operator.unauthenticated': Status.UNAUTHENTICATED,
  'node.unauthenticated': Status.UNAUTHENTICATED,
  'enrolment.token-refused': Status.UNAUTHENTICATED,
  'enrolment.certificate-refused': Status.UNAUTHENTICATED,
  'node.removed': Status.PERMISSION_DENIED,
  'node.impersonation': Status.PERMISSION_DENIED,
  'operator.forbidden': Status.PERMISSION_DENIED,
  'node.exists': Status.ALREADY_EXISTS,
  'repository.exists': Status.ALREADY_EXISTS,
  'incident.ambiguous': Status.INVALID_ARGUMENT,
  'incident.not-possible': Status.FAILED_PRECONDITION,
  'solution.not-possible': Status.FAILED_PRECONDITION,
  'node.configuration-changed': Status.ABORTED,
  'session.replaced': Status.ABORTED,
  'session.none': Status.FAILED_PRECONDITION,
  'session.protocol': Status.INVALID_ARGUMENT,
  'coordinator.stopping': Status.UNAVAILABLE,
  'call.limited': Status.RESOURCE_EXHAUSTED,
  'session.certificate-expired': Status.UNAUTHENTICATED,
  aborted: Status.CANCELLED,
  timeout: Status.DEADLINE_EXCEEDED,
  internal: Status.INTERNAL,
};

const retryDelayMs = 1000;

export function toServerError(thrown: unknown): ServerError {
  if (thrown instanceof ServerError) return thrown;
  const error = HephaestusError.from(thrown);
  const status = statusOf(error);
  const details = [
    ErrorInfo.fromPartial({ reason: error.code, domain: 'hephaestus', metadata: { kind: error.kind, retry: error.retry } }),
    ...(error.details.length === 0
      ? []
      : [BadRequest.fromPartial({ fieldViolations: error.details.map(({ path, message }) => ({ field: path, description: message })) })]),
    ...(error.retry === 'safe' ? [RetryInfo.fromPartial({ retryDelay: { seconds: retryDelayMs / 1000, nanos: 0 } })] : []),
  ];
  // What went wrong inside is in our log, not in the caller's answer.
  const message = status === Status.INTERNAL ? 'internal error; see the log of the coordinator' : error.message;
  return new RichServerError(status, message, details);
}

function statusOf(error: HephaestusError): Status {
  const known = statusByCode[error.code];
  if (known !== undefined) return known;
  if (error.code.endsWith('.not-found')) return Status.NOT_FOUND;
  if (error.kind === 'validation') return Status.INVALID_ARGUMENT;
  if (error.kind === 'operational') return error.retry === 'never' ? Status.FAILED_PRECONDITION : Status.UNAVAILABLE;
  return error.retry === 'never' ? Status.INTERNAL : Status.UNAVAILABLE;
}

/** Turns everything that a service throws into a status, and logs what is our fault. */
export function errorMiddleware(logger: Logger) {
  return async function* translateErrors<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> {
    try {
      return yield* call.next(call.request, context);
    } catch (thrown) {
      if (context.signal.aborted && thrown instanceof Error && thrown.name === 'AbortError') throw thrown;
      const error = toServerError(thrown);
      if (error.code === Status.INTERNAL) logger.error('call failed', { rpc: call.method.path, err: thrown });
      else logger.debug('call refused', { rpc: call.method.path, status: Status[error.code], why: error.details });
      throw error;
    }
  };
}
