// How much one caller may ask for, and that others aren't held up by it.
// Must never open a socket.
import { describe, expect, it } from 'vitest';
import { CallLimits } from '../../../coordinator/api/call-limits.ts';
import type { Clock } from '../../../base/clock.ts';

const settings = { callsPerSecond: 2, enrolmentsPerMinute: 3, watchesPerOperator: 2, streamsPerNode: 2 };

class HandClock implements Clock {
  ms = 1_000_000;
  now = (): number => this.ms;
  monotonicMs = (): number => this.ms;
  sleep = async (): Promise<void> => undefined;
}

const limitsWith = () => {
  const clock = new HandClock();
  return { clock, limits: new CallLimits(settings, clock) };
};
const times = (count: number, act: () => void): void => {
  for (let i = 0; i < count; i += 1) act();
};

describe('limits of a caller', () => {
  it('let five seconds of calls through at once, then as many as come back', () => {
    const { clock, limits } = limitsWith();
    times(10, () => limits.call('192.0.2.1:1000'));
    expect(() => limits.call('192.0.2.1:2000')).toThrow(/192\.0\.2\.1 calls more than 2 times a second.*limits\.callsPerSecond/);
    limits.call('192.0.2.2:1000');
    clock.ms += 500;
    limits.call('192.0.2.1:1000');
    expect(() => limits.call('192.0.2.1:1000')).toThrow(/more than/);
  });

  it('count enrolments apart', () => {
    const { clock, limits } = limitsWith();
    times(3, () => limits.enrolment('192.0.2.1:1'));
    expect(() => limits.enrolment('192.0.2.1:1')).toThrow(/enrols more than 3 times a minute/);
    clock.ms += 20_000;
    limits.enrolment('192.0.2.1:1');
  });

  it('take the network of an IPv6 address for one caller, and a mapped IPv4 address for itself', () => {
    const { limits } = limitsWith();
    times(10, () => limits.call('[2001:db8:1:2::7]:1000'));
    expect(() => limits.call('[2001:db8:1:2:aaaa::9]:1000')).toThrow(/2001:db8:1:2::\/64/);
    limits.call('[2001:db8:1:3::7]:1000');
    times(10, () => limits.call('[::ffff:192.0.2.1]:1000'));
    expect(() => limits.call('192.0.2.1:1000')).toThrow(/192\.0\.2\.1/);
  });

  it('count the streams that are open, by operator and by node', () => {
    const { limits } = limitsWith();
    const close = limits.stream('operator', 'ada');
    limits.stream('operator', 'ada');
    expect(() => limits.stream('operator', 'ada')).toThrow(/2 streams open.*limits\.watchesPerOperator/);
    limits.stream('node', 'ada');
    close();
    close();
    limits.stream('operator', 'ada');
    expect(() => limits.stream('operator', 'ada')).toThrow(/2 streams open/);
  });

  it('forget the addresses that called longest ago, so that memory stays bounded', () => {
    const { limits } = limitsWith();
    times(10, () => limits.call('192.0.2.1:1'));
    expect(() => limits.call('192.0.2.1:1')).toThrow(/more than/);
    for (let i = 0; i < 10_001; i += 1) limits.call(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:1`);
    expect(() => limits.call('192.0.2.1:1')).not.toThrow();
  });
});
