// The window never exceeds its credit, keeps sequences without holes, and settles each entry once and in order.
// Must never depend on a clock or on randomness that fast-check does not own.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Window } from '../../../agent/session/window.ts';

const roomy = { creditBytes: 1000, mostItems: 100 };

function fill(window: Window<string>, ...items: readonly string[]): void {
  for (const item of items) {
    window.add(item, 100, 0);
    window.take();
  }
}

describe('Window', () => {
  it('numbers entries from 1 and settles everything up to an acknowledgement', () => {
    const window = new Window<string>(roomy);
    fill(window, 'a', 'b', 'c');
    const outcome = window.acknowledge(2, 200);
    expect(outcome.kind === 'settled' && outcome.items.map(({ sequence, item }) => [sequence, item])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(window.add('d', 1, 0)).toBe(4);
  });

  it('has no room without credit, until an acknowledgement grants some', () => {
    const window = new Window<string>({ creditBytes: 150, mostItems: 100 });
    fill(window, 'a', 'b');
    expect(window.hasRoom()).toBe(false);
    window.acknowledge(1, 100);
    expect(window.hasRoom()).toBe(true);
  });

  it('has no room while too many entries are in flight, however cheap', () => {
    const window = new Window<string>({ creditBytes: 1000, mostItems: 2 });
    window.add('a', 0, 0);
    window.add('b', 0, 0);
    expect(window.hasRoom()).toBe(false);
  });

  it('takes a repeated or late acknowledgement for what it is', () => {
    const window = new Window<string>(roomy);
    fill(window, 'a', 'b');
    window.acknowledge(2, 200);
    expect(window.acknowledge(2, 200)).toEqual({ kind: 'repeated' });
    expect(window.acknowledge(1, 200)).toEqual({ kind: 'repeated' });
    expect(window.creditBytes).toBe(1000);
  });

  it('ignores an acknowledgement, and its credit, of what was never sent', () => {
    const window = new Window<string>(roomy);
    fill(window, 'a');
    window.add('added but not taken', 100, 0);
    expect(window.acknowledge(2, 500)).toEqual({ kind: 'unknown' });
    expect(window.creditBytes).toBe(800);
  });

  it('sends everything from a refused entry on again, in order', () => {
    const window = new Window<string>(roomy);
    fill(window, 'a', 'b', 'c');
    expect(window.rewind(2)).toEqual({ kind: 'rewound', items: 2 });
    expect([window.take()?.item, window.take()?.item, window.take()?.item]).toEqual(['b', 'c', undefined]);
    expect(window.rewind(1)).toEqual({ kind: 'rewound', items: 3 });
  });

  it('knows a refusal of what is settled, or was never sent, as stale', () => {
    const window = new Window<string>(roomy);
    fill(window, 'a');
    window.acknowledge(1, 100);
    expect(window.rewind(1)).toEqual({ kind: 'stale' });
    expect(window.rewind(7)).toEqual({ kind: 'stale' });
  });

  it('gives the credit of a replaced entry back', () => {
    const window = new Window<string>(roomy);
    fill(window, 'a', 'b');
    expect(window.replace(1, 'gap', 0)).toBe(true);
    window.rewind(1);
    expect(window.take()?.item).toBe('gap');
    expect(window.creditBytes).toBe(900);
    expect(window.replace(9, 'gap', 0)).toBe(false);
  });

  it('knows how old the oldest unsettled entry is', () => {
    const window = new Window<string>(roomy);
    expect(window.oldestAddedAtMs).toBeUndefined();
    window.add('a', 1, 10);
    window.add('b', 1, 20);
    window.take();
    window.acknowledge(1, 1);
    expect(window.oldestAddedAtMs).toBe(20);
  });
});

type Step =
  | { readonly do: 'add'; readonly cost: number }
  | { readonly do: 'take' }
  | { readonly do: 'ack'; readonly sequence: number; readonly credit: number }
  | { readonly do: 'rewind'; readonly sequence: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), cost: fc.nat(400) }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('ack' as const), sequence: fc.nat(40), credit: fc.nat(2000) }),
  fc.record({ do: fc.constant('rewind' as const), sequence: fc.nat(40) }),
);

describe('Window, whatever a coordinator answers', () => {
  it('settles each entry once and in order, and keeps the bytes in flight within the limit and one batch', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), fc.integer({ min: 1, max: 1000 }), (steps, creditBytes) => {
        const window = new Window<number>({ creditBytes, mostItems: 30 });
        const settled: number[] = [];
        let added = 0;
        let largest = 0;
        for (const step of steps) {
          if (step.do === 'add' && window.hasRoom()) {
            added += 1;
            largest = Math.max(largest, step.cost);
            expect(window.add(added, step.cost, 0)).toBe(added);
          } else if (step.do === 'take') {
            window.take();
          } else if (step.do === 'ack') {
            const outcome = window.acknowledge(step.sequence, step.credit);
            if (outcome.kind === 'settled') settled.push(...outcome.items.map(({ item }) => item));
          } else if (step.do === 'rewind') {
            window.rewind(step.sequence);
          }
          expect(window.inFlightBytes).toBeLessThanOrEqual(creditBytes + largest);
          expect(window.inFlightItems).toBe(added - settled.length);
          expect(window.creditBytes + window.inFlightBytes).toBeLessThanOrEqual(Math.max(creditBytes, window.inFlightBytes));
        }
        expect(settled).toEqual(settled.map((_, index) => index + 1));
      }),
    );
  });

  it('delivers everything in order when refusals come in between and all is acknowledged in the end', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (refusals, count) => {
        const window = new Window<number>({ creditBytes: 10_000, mostItems: 100 });
        for (let item = 1; item <= count; item += 1) window.add(item, 10, 0);
        const sent: number[] = [];
        const drain = (): void => {
          for (let entry = window.take(); entry !== undefined; entry = window.take()) {
            sent.length = entry.sequence - 1;
            sent.push(entry.item);
          }
        };
        drain();
        for (const sequence of refusals) {
          window.rewind(sequence);
          drain();
        }
        expect(window.acknowledge(count, 0).kind).toBe('settled');
        expect(sent).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      }),
    );
  });
});
