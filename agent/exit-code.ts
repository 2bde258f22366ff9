// The one mapping from errors to the exit codes of hephaestus-agent.
// Must never print.
import type { HephaestusError } from '../base/errors.ts';

export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3, forbidden: 4 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(error: HephaestusError): ExitCode {
  switch (error.code) {
    case 'config.invalid':
    case 'join-token.malformed':
    case 'join-token.unreadable':
      return exitCodes.usage;
    case 'coordinator.unreachable':
    case 'network.unreachable':
      return exitCodes.unreachable;
    case 'coordinator.refused':
    case 'coordinator.unauthenticated':
    case 'coordinator.not-trusted':
    case 'enrolment.refused':
    case 'enrolment.not-trusted':
    case 'node.not-enrolled':
      return exitCodes.forbidden;
    default:
      return exitCodes.failed;
  }
}
