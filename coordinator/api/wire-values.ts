// Translates the values that many messages share: times, durations, severities, modes.
// Must never throw: what is absent or unknown becomes undefined.
import { OperationalMode as WireMode, Severity as WireSeverity } from '../../proto/index.ts';
import type { Severity } from '../../analysis/severity.ts';
import type { OperationalMode } from '../nodes/operational-mode.ts';

export interface WireDuration {
  seconds: number;
  nanos: number;
}

export function writeTime(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}

export function readTime(date: Date | undefined): number | undefined {
  const ms = date?.getTime();
  return ms === undefined || Number.isNaN(ms) ? undefined : ms;
}

export function writeDuration(ms: number): WireDuration {
  const seconds = Math.trunc(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1_000_000) };
}

/** Milliseconds; absent is 0. */
export function readDuration(duration: WireDuration | undefined): number {
  return duration === undefined ? 0 : duration.seconds * 1000 + duration.nanos / 1_000_000;
}

const severityNames: Readonly<Record<Severity, WireSeverity>> = {
  debug: WireSeverity.DEBUG,
  info: WireSeverity.INFO,
  notice: WireSeverity.NOTICE,
  warning: WireSeverity.WARNING,
  error: WireSeverity.ERROR,
  critical: WireSeverity.CRITICAL,
  alert: WireSeverity.ALERT,
  emergency: WireSeverity.EMERGENCY,
};

const modeNames: Readonly<Record<OperationalMode, WireMode>> = {
  observe: WireMode.OBSERVE,
  suggest: WireMode.SUGGEST,
  deploy: WireMode.DEPLOY,
};

export const writeSeverity = (severity: Severity): WireSeverity => severityNames[severity];
export const writeMode = (mode: OperationalMode): WireMode => modeNames[mode];
export const readSeverity = (severity: WireSeverity): Severity | undefined => keyOf(severityNames, severity);
export const readMode = (mode: WireMode): OperationalMode | undefined => keyOf(modeNames, mode);

/** The domain's name for a value of the wire; undefined for UNSPECIFIED and for what a newer peer sent. */
export function keyOf<Key extends string, Value>(names: Readonly<Record<Key, Value>>, value: Value): Key | undefined {
  for (const key in names) if (names[key] === value) return key;
  return undefined;
}
