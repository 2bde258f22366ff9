// The channel keeps order, loses nothing, and makes senders wait.
// Must never wait by time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelClosedError, createChannel } from '../../base/channel.ts';

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe('a channel', () => {
  it('makes a sender wait while it is full', async () => {
    const channel = createChannel<number>(1);
    await channel.send(1);
    const second = channel.send(2);
    expect(await isPending(second)).toBe(true);
    expect(channel.trySend(3)).toBe(false);
    expect(await channel.receive()).toEqual({ kind: 'value', value: 1 });
    await second;
    expect(await channel.receive()).toEqual({ kind: 'value', value: 2 });
  });

  it('with no capacity makes every send meet a receive', async () => {
    const channel = createChannel<string>(0);
    const sent = channel.send('a');
    expect(await isPending(sent)).toBe(true);
    expect(await channel.receive()).toEqual({ kind: 'value', value: 'a' });
    await sent;
    const received = channel.receive();
    expect(channel.trySend('b')).toBe(true);
    expect(await received).toEqual({ kind: 'value', value: 'b' });
  });

  it('delivers what is inside after it was closed, then ends', async () => {
    const channel = createChannel<number>(4);
    await channel.send(1);
    await channel.send(2);
    channel.close();
    expect(await Array.fromAsync(channel)).toEqual([1, 2]);
    await expect(channel.send(3)).rejects.toBeInstanceOf(ChannelClosedError);
    expect(channel.trySend(3)).toBe(false);
  });

  it('tells receivers why it was closed, after the last value', async () => {
    const channel = createChannel<number>(4);
    await channel.send(1);
    channel.close(new Error('the source broke'));
    expect(await channel.receive()).toEqual({ kind: 'value', value: 1 });
    await expect(channel.receive()).rejects.toThrow('the source broke');
  });

  it('tells waiting senders and receivers that it was closed', async () => {
    const full = createChannel<number>(0);
    const sending = full.send(1);
    full.close();
    await expect(sending).rejects.toBeInstanceOf(ChannelClosedError);
    const empty = createChannel<number>(1);
    const receiving = empty.receive();
    empty.close();
    expect(await receiving).toEqual({ kind: 'closed' });
  });

  it('lets a sender and a receiver give up, and forgets them', async () => {
    const channel = createChannel<number>(0);
    const controller = new AbortController();
    const sending = channel.send(1, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sending).rejects.toThrow('enough');
    const receiver = new AbortController();
    const receiving = channel.receive(receiver.signal);
    receiver.abort(new Error('enough'));
    await expect(receiving).rejects.toThrow('enough');
    const next = channel.send(2);
    expect(await channel.receive()).toEqual({ kind: 'value', value: 2 });
    await next;
  });

  it('passes every value in order, whoever is faster', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.integer(), { maxLength: 30 }), fc.nat(5), async (scheduler, values, capacity) => {
        const channel = createChannel<number>(capacity);
        const produce = async (): Promise<void> => {
          for (const value of values) {
            await scheduler.schedule(Promise.resolve());
            await channel.send(value);
          }
          channel.close();
        };
        const consume = async (): Promise<number[]> => {
          const received: number[] = [];
          for await (const value of channel) {
            expect(channel.size).toBeLessThanOrEqual(capacity);
            await scheduler.schedule(Promise.resolve());
            received.push(value);
          }
          return received;
        };
        const [, received] = await scheduler.waitFor(Promise.all([produce(), consume()]));
        expect(received).toEqual(values);
      }),
    );
  });
});
