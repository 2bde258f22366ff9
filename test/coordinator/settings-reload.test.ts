// Settings that are read again: what holds at once, what waits, and that a failure leaves the old ones.
// Must never start a coordinator.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { coordinatorConfigurationSchema, type CoordinatorConfiguration } from '../../coordinator/config.ts';
import { createLiveSettings, type LiveSettings } from '../../coordinator/settings-reload.ts';
import { memoryRepositories } from '../support/solution-stores.ts';

const settingsOf = (written: unknown): CoordinatorConfiguration => coordinatorConfigurationSchema.parse(written);

function begin(written: unknown): {
  live: LiveSettings;
  logger: ReturnType<typeof createLogger>;
  repositories: ReturnType<typeof memoryRepositories>;
  renewed: string[][];
} {
  const renewed: string[][] = [];
  const logger = createLogger({ level: 'info', output: 'json', destination: () => undefined });
  const repositories = memoryRepositories();
  const live = createLiveSettings(settingsOf(written), {
    repositories,
    clock: systemClock,
    logger,
    renewCertificate: async () => void renewed.push([...live.current().names]),
  });
  return { live, logger, repositories, renewed };
}

const orders = { name: 'orders', url: '/srv/orders.git', services: ['orders'] };

describe('reloaded settings', () => {
  it('hold at once: level, retention, names, repositories', async () => {
    const { live, logger, repositories, renewed } = begin({});
    const next = settingsOf({
      log: { level: 'debug' },
      logs: { maxAge: '1d', maxSize: '1GiB' },
      names: ['c.example'],
      repositories: [orders],
    });
    expect(await live.reload(next)).toEqual({
      applied: ['log.level', 'logs.maxAge', 'logs.maxSize', 'names', 'repositories'],
      waiting: [],
    });
    expect(logger.level()).toBe('debug');
    expect(live.current().logs.maxAge).toBe(86_400_000);
    expect((await repositories.get('orders'))?.url).toBe('/srv/orders.git');
    expect(renewed).toEqual([['c.example']]);
  });

  it('are told of, and not taken over, where they take a restart; and told of again the next time', async () => {
    const { live } = begin({});
    const next = settingsOf({ listen: '127.0.0.1:9', logs: { credit: '1MiB' }, log: { output: 'pretty' } });
    const waiting = ['listen', 'log.output', 'logs.credit'];
    expect(await live.reload(next)).toEqual({ applied: [], waiting });
    expect(await live.reload(next)).toEqual({ applied: [], waiting });
    expect(live.current().listen).toBe('0.0.0.0:7443');
  });

  it('change nothing when the store refuses the repositories', async () => {
    const { live, logger, repositories } = begin({});
    repositories.add = () => Promise.reject(new Error('the disk is full'));
    await expect(live.reload(settingsOf({ log: { level: 'debug' }, repositories: [orders] }))).rejects.toThrow('the disk is full');
    expect(logger.level()).toBe('info');
    expect(live.current().repositories).toEqual([]);
  });
});
