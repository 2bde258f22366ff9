// The judges of the benchmarks `traces` and `grouping`, on cases worked out by hand.
// Must never run a benchmark.
import { describe, expect, it } from 'vitest';
import type { Frame, Trace } from '../../analysis/trace.ts';
import { scorePairs, wrongPairs } from '../../bench/pair-scores.ts';
import { hasStateFrames, judgeGenerated, judgeNamed, languageOfName, stateFrames } from '../../bench/trace-scores.ts';

function frame(name: string, inApp = true): Frame {
  return { function: name, file: 'a.c', line: 1, column: undefined, module: undefined, inApp, source: undefined };
}

function trace(parts: Partial<Trace>): Trace {
  return { language: 'native', type: 'SIGSEGV', message: '', frames: [], cause: undefined, related: [], ...parts };
}

describe('pairs', () => {
  it('counts hits, misses and joins over all pairs', () => {
    // Together by label: ab, ac, bc (x) and de (y). Put together: ab, and cd, ce, de. Hits: ab, de.
    const cases = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      name,
      group: 'ab'.includes(name) ? '1' : '2',
      labels: ['abc'.includes(name) ? 'x' : 'y'],
    }));
    const { precision, recall, f1 } = scorePairs(cases);
    expect(precision).toBeCloseTo(2 / 4);
    expect(recall).toBeCloseTo(2 / 4);
    expect(f1).toBeCloseTo(0.5);
    expect(wrongPairs(cases)).toHaveLength(4);
  });

  it('takes any shared label for the same problem', () => {
    const cases = [
      { name: 'a', group: '1', labels: ['x', 'alt'] },
      { name: 'b', group: '1', labels: ['y', 'alt'] },
    ];
    expect(scorePairs(cases).f1).toBe(1);
  });
});

describe('generated traces', () => {
  const label = { file: 'f', language: 'c-asan', group: 'g', exception: 'heap-overflow', top_app_function: 'price' };

  it('are right when language, type and top function are', () => {
    const right = trace({ type: 'AddressSanitizer: heap-overflow', frames: [frame('memcpy', false), frame('price')] });
    expect(judgeGenerated(label, right, 'heap-overflow')).toEqual([]);
  });

  it('are wrong in each part that differs', () => {
    const wrong = trace({ language: 'go', type: 'other', frames: [frame('total')] });
    expect(judgeGenerated(label, wrong, 'heap-overflow')).toEqual(['language go', 'type other', 'top total']);
    expect(judgeGenerated(label, undefined, '')).toEqual(['no trace']);
  });

  it('accept `panic` only where the text names no type', () => {
    const go = trace({ language: 'go', type: 'panic', frames: [frame('price')] });
    const goLabel = { ...label, language: 'go', exception: '*fmt.wrapError' };
    expect(judgeGenerated(goLabel, go, 'panic: gone')).toEqual([]);
    expect(judgeGenerated(goLabel, go, 'panic: *fmt.wrapError')).toEqual(['type panic']);
  });
});

describe('named traces', () => {
  it('take the language from the file name', () => {
    expect(['go_on_gae_exc.txt', 'client_js_exc.txt', 'complex_java_exc.txt'].map(languageOfName)).toEqual(['go', 'client_js', 'java']);
  });

  it('must not have a top frame that the text lacks', () => {
    const invented = trace({ language: 'java', type: 'E', frames: [frame('a.B.c')] });
    expect(judgeNamed('java_exc.txt', invented, 'E at x')).toEqual(['file a.c']);
  });
});

describe('crash states', () => {
  const text = 'Check failed: x < y\n#0 0x12 in ns::(anonymous namespace)::first(int) a.c:1\n#1 0x13 in second a.c:2\nfirst aid';

  it('hold frames, and sometimes what failed', () => {
    expect(stateFrames('x < y\nns::first\nsecond\n', text)).toEqual(['ns::first', 'second']);
    expect(stateFrames('NULL', text)).toEqual([]);
  });

  it('demand exactly these frames first', () => {
    const own = trace({ frames: [frame('memcpy', false), frame('ns::first'), frame('second'), frame('third')] });
    expect(hasStateFrames(['ns::first', 'second'], own)).toBe(true);
    expect(hasStateFrames(['second'], own)).toBe(false);
    expect(hasStateFrames([], own)).toBe(false);
    expect(hasStateFrames([], undefined)).toBe(true);
  });
});
