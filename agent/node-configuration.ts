// Which settings run: the file's with the last good push laid over them. Validates, plans and applies changes of either.
// Must never half-apply: a push that is wrong or can't be applied leaves everything as it was, and says every reason.
import { join } from 'node:path';
import { readEnvelope, writeEnvelope } from '../base/atomic-file.ts';
import { parseConfig } from '../base/config.ts';
import { HephaestusError } from '../base/errors.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { layOver, nodeSettingsSchema, type NodeSettings } from './config.ts';
import type { ConfigurationOffer, ConfigurationState } from './session/directives.ts';

/** Puts settings to work. Rejects if it can't, having undone what it did. */
export type ApplySettings = (settings: NodeSettings) => Promise<void>;

export interface NodeConfigurationOptions {
  readonly stateFolder: string;
  readonly logger: Logger;
  readonly apply: ApplySettings;
  /** Why pushed sources can't be read here; empty if they can. */
  readonly judgeSources?: ((sources: NodeSettings['sources']) => readonly string[]) | undefined;
}

export interface NodeConfiguration {
  /** Applies the file's settings with the last good push over them. A push on disk that no longer fits is left out and told. */
  start(file: NodeSettings): Promise<void>;
  /** The file changed (SIGHUP). @throws if the new settings can't be applied; the old ones run on */
  reload(file: NodeSettings): Promise<void>;
  offer(offer: ConfigurationOffer): Promise<ConfigurationState>;
  state(): ConfigurationState;
  settings(): NodeSettings;
}

const formatVersion = 1;

interface Push {
  readonly version: number;
  readonly hash: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly settings: NodeSettings;
}

export function createNodeConfiguration(options: NodeConfigurationOptions): NodeConfiguration {
  const { logger, apply, judgeSources = () => [] } = options;
  const path = join(options.stateFolder, 'configuration.json');
  let file: NodeSettings = nodeSettingsSchema.parse({});
  let running: NodeSettings = file;
  let push: Push | undefined;
  let state: ConfigurationState = { offeredHash: '', runningHash: '', lastFailedHash: '', reasons: [] };
  /** Changes go one after the other. */
  let queue: Promise<unknown> = Promise.resolve();

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = queue.then(work, work);
    queue = mine.catch(() => undefined);
    return mine;
  }

  async function change(nextFile: NodeSettings, nextPush: Push | undefined): Promise<void> {
    const next = nextPush === undefined ? nextFile : layOver(nextFile, nextPush.settings);
    const before = running;
    // What is asked for limits while it is applied sees the new ones.
    running = next;
    try {
      await apply(next);
    } catch (error) {
      running = before;
      throw error;
    }
    file = nextFile;
    push = nextPush;
  }

  function refuse(offer: ConfigurationOffer, reasons: readonly string[]): ConfigurationState {
    state = { ...state, offeredHash: offer.hash, lastFailedHash: offer.hash, reasons };
    logger.warn('configuration refused, the last good one runs on', { version: offer.version, hash: offer.hash, reasons });
    return state;
  }

  async function take(offer: ConfigurationOffer): Promise<ConfigurationState> {
    if (offer.hash === state.runningHash && offer.hash !== '') {
      state = { ...state, offeredHash: offer.hash, reasons: [] };
      return state;
    }
    const checked = check(offer, judgeSources);
    if (checked.kind === 'invalid') return refuse(offer, checked.reasons);
    try {
      await change(file, checked.push);
    } catch (error) {
      return refuse(offer, [HephaestusError.from(error).message]);
    }
    state = { ...state, offeredHash: offer.hash, runningHash: offer.hash, reasons: [] };
    logger.info('configuration applied', { version: offer.version, hash: offer.hash, sources: running.sources.length });
    try {
      await writeEnvelope(path, formatVersion, { version: offer.version, hash: offer.hash, document: offer.document });
    } catch (error) {
      logger.warn('the configuration runs but cannot be kept for the next start', { path, err: error });
    }
    return state;
  }

  return {
    state: () => state,
    settings: () => running,
    offer: (offer) => inTurn(() => take(offer)),
    reload: (nextFile) => inTurn(() => change(nextFile, push)),
    async start(nextFile) {
      const kept = await readKept(path, logger);
      const checked = kept === undefined ? undefined : check(kept, judgeSources);
      if (checked?.kind === 'invalid') logger.warn('the configuration kept from last time is no use', { path, reasons: checked.reasons });
      const usable = checked?.kind === 'valid' ? checked.push : undefined;
      await inTurn(() => change(nextFile, usable));
      if (usable !== undefined) state = { ...state, runningHash: usable.hash };
    },
  };
}

export interface RunningSettings {
  readonly settings: NodeSettings;
  /** Of what the coordinator pushed last; undefined if it pushed nothing, or this user may not know. */
  readonly pushedVersion: number | undefined;
}

/** What an agent with this state runs: for commands beside it. */
export async function readRunningSettings(stateFolder: string, file: NodeSettings): Promise<RunningSettings> {
  const kept = await readKept(join(stateFolder, 'configuration.json'), silentLogger);
  const checked = kept === undefined ? undefined : check(kept, () => []);
  if (checked?.kind !== 'valid') return { settings: file, pushedVersion: undefined };
  return { settings: layOver(file, checked.push.settings), pushedVersion: checked.push.version };
}

type Checked = { readonly kind: 'valid'; readonly push: Push } | { readonly kind: 'invalid'; readonly reasons: readonly string[] };

function check(
  { version, hash, document }: ConfigurationOffer,
  judgeSources: NonNullable<NodeConfigurationOptions['judgeSources']>,
): Checked {
  const outcome = parseConfig([{ name: 'pushed', text: JSON.stringify(document) }], { schema: nodeSettingsSchema });
  if (outcome.kind === 'invalid')
    return { kind: 'invalid', reasons: outcome.problems.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)) };
  const reasons = judgeSources(outcome.config.sources);
  return reasons.length > 0 ? { kind: 'invalid', reasons } : { kind: 'valid', push: { version, hash, document, settings: outcome.config } };
}

async function readKept(path: string, logger: Logger): Promise<ConfigurationOffer | undefined> {
  try {
    const envelope = await readEnvelope(path);
    if (envelope.kind === 'absent') return undefined;
    if (envelope.kind === 'read' && envelope.version === formatVersion && isOffer(envelope.body)) return envelope.body;
    logger.warn('the configuration kept from last time is damaged; the file alone holds until the coordinator pushes again', { path });
  } catch (error) {
    logger.warn('the configuration kept from last time cannot be read', { path, err: error });
  }
  return undefined;
}

function isOffer(value: unknown): value is ConfigurationOffer {
  if (typeof value !== 'object' || value === null || !('version' in value) || !('hash' in value) || !('document' in value)) return false;
  return (
    typeof value.version === 'number' && typeof value.hash === 'string' && typeof value.document === 'object' && value.document !== null
  );
}
