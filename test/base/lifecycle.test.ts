// Components start in order and stop in reverse, whatever fails on the way.
// Must never wait by the real clock.
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { createLifecycle, type Component, type Lifecycle } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';

interface Scene {
  readonly events: string[];
  readonly expire: () => void;
  readonly lifecycle: Lifecycle;
}

function scene(...components: (string | Partial<Component>)[]): Scene {
  const events: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const clock: Clock = { now: () => 0, monotonicMs: () => 0, sleep: () => promise };
  const full = components.map((given): Component => {
    const part = typeof given === 'string' ? { name: given } : given;
    const name = part.name ?? '?';
    return {
      name,
      start: (signal) => {
        events.push(`start ${name}`);
        return part.start?.(signal) ?? Promise.resolve();
      },
      stop: (signal) => {
        events.push(`stop ${name}`);
        return part.stop?.(signal) ?? Promise.resolve();
      },
    };
  });
  return { events, expire: resolve, lifecycle: createLifecycle({ components: full, logger: silentLogger, clock, stopDeadlineMs: 1000 }) };
}

const never = (): Promise<void> => Promise.withResolvers<void>().promise;
const fail = (): Promise<void> => Promise.reject(new Error('broken'));

describe('a lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { events, lifecycle } = scene('a', 'b', 'c');
    await lifecycle.start();
    expect(await lifecycle.stop()).toEqual({ kind: 'stopped' });
    expect(events).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  it('stops what had started when one fails to', async () => {
    const { events, lifecycle } = scene('a', 'b', { name: 'c', start: fail }, 'd');
    await expect(lifecycle.start()).rejects.toThrow('broken');
    expect(events).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
  });

  it('goes on stopping when one fails to, and says which', async () => {
    const { events, lifecycle } = scene('a', { name: 'b', stop: fail }, 'c');
    await lifecycle.start();
    expect(await lifecycle.stop()).toEqual({ kind: 'incomplete', components: ['b'] });
    expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });

  it('gives up at the deadline, tells the component so, and still asks the others to stop', async () => {
    let told: AbortSignal | undefined;
    const stuck = (signal: AbortSignal): Promise<void> => {
      told = signal;
      return never();
    };
    const { events, expire, lifecycle } = scene('a', { name: 'b', stop: stuck });
    await lifecycle.start();
    const stopping = lifecycle.stop();
    expire();
    const outcome = await stopping;
    expect(outcome.kind === 'incomplete' ? outcome.components : []).toContain('b');
    expect(told?.aborted).toBe(true);
    expect(events).toContain('stop a');
  });

  it('stops once, however often it is asked', async () => {
    const { events, lifecycle } = scene('a');
    await lifecycle.start();
    const outcomes = await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(outcomes).toEqual([{ kind: 'stopped' }, { kind: 'stopped' }]);
    expect(events).toEqual(['start a', 'stop a']);
  });

  it('can be stopped while it starts', async () => {
    const waiting = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('told to stop')));
      });
    const { events, lifecycle } = scene('a', { name: 'b', start: waiting }, 'c');
    const starting = lifecycle.start();
    await Promise.resolve();
    const stopping = lifecycle.stop();
    await expect(starting).rejects.toThrow('told to stop');
    expect(await stopping).toEqual({ kind: 'stopped' });
    expect(events).toEqual(['start a', 'start b', 'stop a']);
  });

  it('has nothing to stop before it started', async () => {
    const { events, lifecycle } = scene('a');
    expect(await lifecycle.stop()).toEqual({ kind: 'stopped' });
    await expect(lifecycle.start()).rejects.toMatchObject({ code: 'lifecycle.stopped' });
    expect(events).toEqual([]);
  });
});
