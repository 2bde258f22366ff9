// Translates the coordinator's settings to the wire.
// Must never carry a secret: its name, and whether it is set.
import { LogOutput, type SecretReference, type SystemConfiguration } from '../../proto/index.ts';
import type { LogOutput as LogOutputName, LogLevel } from '../../base/logger.ts';
import type { ModelConfiguration } from '../model/model-configuration.ts';
import type { OperationalMode } from '../nodes/operational-mode.ts';
import { baseUrlOf } from '../model/model-configuration.ts';
import { writeDuration, writeMode } from './wire-values.ts';

/** As much of the configuration as operators see. */
export interface ShownConfiguration {
  readonly stateDirectory: string;
  readonly log: { readonly level: LogLevel; readonly output: LogOutputName };
  readonly model: ModelConfiguration;
  readonly nodeDefaults: { readonly mode: OperationalMode };
}

const outputs: Readonly<Record<LogOutputName, LogOutput>> = {
  json: LogOutput.JSON,
  pretty: LogOutput.PRETTY,
  journald: LogOutput.JOURNALD,
};

export async function writeSystemConfiguration(
  config: ShownConfiguration,
  isSet: (secret: string) => Promise<boolean>,
): Promise<SystemConfiguration> {
  const reference = async (name: string | undefined): Promise<SecretReference | undefined> =>
    name === undefined ? undefined : { reference: name, isSet: await isSet(name) };
  const { model, log } = config;
  return {
    remoteRepository: { providers: ['git', 'github'], token: undefined },
    modelService: {
      provider: model.provider,
      apiKey: await reference(model.key),
      modelVersion: model.model ?? '',
      baseUrl: baseUrlOf(model) ?? '',
      requestTimeout: writeDuration(model.requestTimeoutMs),
      connectTimeout: writeDuration(model.connectTimeoutMs),
      contextTokens: model.contextTokens,
    },
    logging: { level: log.level, output: outputs[log.output] },
    repository: { directory: config.stateDirectory, defaultGate: 'tests' },
    defaultOperationalMode: writeMode(config.nodeDefaults.mode),
  };
}
