// The severity scale of a log entry: syslog's eight levels (RFC 5424 section 6.2.1), by name.
// Must never guess from a data set's or product's name; it knows words and numbers only.

/** Most severe first, so that an index is the syslog number. */
export const severities = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;

export type Severity = (typeof severities)[number];

/** True if `severity` is at least as severe as `floor`. */
export function isAtLeast(severity: Severity, floor: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(floor);
}
