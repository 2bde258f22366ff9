// Tells an error that says that another service failed from one of the service's own.
// Must never name a product: it goes by the class of problem and by the names of services seen.

/** Classes of known problems in which the other side failed. */
const effects: ReadonlySet<string> = new Set(['dependency-unreachable', 'upstream-failure', 'dns-failure', 'control-plane-call-failed']);

/** Words by which clients say that nobody is there, or that the other side answered with a failure. */
const elsewhere =
  /\bno (?:\w+ )?instances? available for\b|\bserver ?error ?exception\b|\bHttpServerErrorException\b|\brpc error\b|\bserver returned (?:http )?5\d\d\b|\b50[0234] (?:internal server error|bad gateway|service unavailable|gateway timeout)\b/i;

export function blamesAnother(message: string, knownProblemId: string | undefined): boolean {
  return (knownProblemId !== undefined && effects.has(knownProblemId)) || elsewhere.test(message.slice(0, 2000));
}
