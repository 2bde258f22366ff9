// How values look to a person: ages, sizes, labels, and text of strangers.
// Must never depend on the terminal it runs in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, ago, bytes, duration, enumLabel, enumValue, parseDuration, safe, safeLine } from '../../../coordinator/cli/presentation.ts';
import { NodeStatus } from '../../../proto/index.ts';

describe('durations', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1000, '1s'],
    [61_000, '1m'],
    [3 * 3_600_000, '3h'],
    [50 * 3_600_000, '2d'],
    [-5000, 'in 5s'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('are read back from what people write', () => {
    expect(parseDuration('500ms')).toBe(500);
    expect(parseDuration('90s')).toBe(90_000);
    expect(parseDuration('7d')).toBe(7 * 86_400_000);
    for (const wrong of ['', '5', 's', '1.5h', '-1s', '1w', '9999999999s']) expect(parseDuration(wrong)).toBeUndefined();
  });

  it('show a dash for a time that never was', () => {
    expect(age(undefined, 0)).toBe('-');
    expect(age(new Date(0), 120_000)).toBe('2m');
    expect(ago(undefined, 0)).toBe('-');
  });

  it('are of the past or, where clocks differ, of the future', () => {
    expect(ago(new Date(0), 120_000)).toBe('2m ago');
    expect(ago(new Date(120_000), 0)).toBe('in 2m');
  });
});

it('sizes have binary units', () => {
  expect(bytes(1023)).toBe('1023 B');
  expect(bytes(1536)).toBe('1.5 KiB');
  expect(bytes(3 * 2 ** 30)).toBe('3.0 GiB');
});

describe('enum values', () => {
  it('lose their prefix, and are found by what is left', () => {
    expect(enumLabel(NodeStatus.OPERATIONAL, 'NODE_STATUS')).toBe('operational');
    expect(enumValue(NodeStatus, 'operational')).toBe(NodeStatus.OPERATIONAL);
    expect(enumValue(NodeStatus, 'asleep')).toBeUndefined();
  });
});

describe('text of strangers', () => {
  it('keeps no escape sequence, bidi mark or hidden character', () => {
    expect(safe('a\u001b[31mred\u202egnp')).toBe('a\\u{1b}[31mred\\u{202e}gnp');
    expect(safe('tab\tand\nline stay')).toBe('tab\tand\nline stay');
    expect(safeLine('one\r\ntwo\tthree')).toBe('one ⏎ two three');
  });

  it('never lets a control character through, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeLine(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
