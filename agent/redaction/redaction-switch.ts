// The redactor that is in force: on unless the settings say otherwise, exchanged whole when they change.
// Must never leave a moment without redaction while settings change.
import { isDeepStrictEqual } from 'node:util';
import type { Metrics } from '../../base/metrics.ts';
import { createRedactor, type ChunkRedactor, type RedactionSettings } from './redactor.ts';

export interface RedactionSwitch {
  /** Undefined only where the operator switched redaction off. */
  current(): ChunkRedactor | undefined;
  /** Builds what the settings ask for; what runs stays until `put`. @throws if the key can't be read or a rule is wrong */
  prepare(settings: RedactionSettings | undefined): Promise<PreparedRedaction>;
}

export interface PreparedRedaction {
  put(): void;
}

const defaults: RedactionSettings = { off: false, personalData: false, rules: [], allow: [] };

export function createRedactionSwitch(readKey: () => Promise<Uint8Array>, metrics: Metrics): RedactionSwitch {
  const redacted = metrics.counter({
    name: 'redacted_values_total',
    help: 'Values that were replaced before they left the host, by kind.',
    labels: ['kind'],
  });
  let running: { readonly settings: RedactionSettings; readonly redactor: ChunkRedactor | undefined } | undefined;

  return {
    current() {
      // Nothing leaves before the first settings; the pipeline opens after them.
      if (running === undefined) throw new Error('redaction was asked for before it was configured');
      return running.redactor;
    },
    async prepare(settings = defaults) {
      if (running !== undefined && isDeepStrictEqual(running.settings, settings)) return { put: () => undefined };
      const onRedacted = (kind: string, values: number): void => redacted.add({ kind }, values);
      const redactor = settings.off ? undefined : createRedactor({ settings, key: await readKey(), onRedacted });
      return {
        put() {
          running = { settings, redactor };
        },
      };
    },
  };
}
