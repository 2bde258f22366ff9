// What a line of the log looks like in each output, and that levels change while running.
// Must never write to this process's own streams.
import { describe, expect, it } from 'vitest';
import { HephaestusError } from '../../base/errors.ts';
import { createLogger, type Logger, type LogOutput } from '../../base/logger.ts';
import { Secret } from '../../base/secret.ts';

function capture(output: LogOutput): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', output, context: { service: 'test' }, destination: (line) => lines.push(line) });
  return { logger, lines };
}

const failure = new HephaestusError({ code: 'a.b', kind: 'operational', retry: 'safe', message: 'two\nlines', cause: new Error('root') });

describe('the logger', () => {
  it('writes one JSON object a line with level, ISO time, context and fields', () => {
    const { logger, lines } = capture('json');
    logger.withContext({ component: 'node-manager' }).info('node joined', { nodeId: 'n1' });
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', service: 'test', component: 'node-manager', nodeId: 'n1', message: 'node joined' });
    expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
    expect(lines[0]?.endsWith('}\n')).toBe(true);
  });

  it('writes an error with its code, advice, stack and chain of causes', () => {
    const { logger, lines } = capture('json');
    logger.error('it failed', { err: failure });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { type: 'HephaestusError', code: 'a.b', retry: 'safe', message: 'two\nlines', cause: { message: 'root' } },
    });
  });

  it('writes a mistake in what was given without the place in our code that noticed it', () => {
    const { logger, lines } = capture('json');
    const mistake = new HephaestusError({
      code: 'config.invalid',
      kind: 'validation',
      message: 'port must be a number',
      cause: new Error('NaN'),
    });
    logger.error('it failed', { err: mistake });
    expect(lines[0]).toContain('port must be a number');
    expect(lines[0]).toContain('NaN');
    expect(lines[0]).not.toContain('"stack"');
  });

  it('survives an error that causes itself', () => {
    const { logger, lines } = capture('json');
    const circular = new Error('again');
    circular.cause = circular;
    logger.error('it failed', { err: circular });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: { message: 'again' } });
  });

  it('changes the level of all relatives at once', () => {
    const { logger, lines } = capture('json');
    const child = logger.withContext({ component: 'a' });
    child.debug('hidden');
    logger.setLevel('debug');
    child.debug('shown');
    child.setLevel('error');
    logger.warn('hidden');
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['shown']);
    expect(logger.level()).toBe('error');
  });

  it('keeps a message for the journal on one line behind its priority', () => {
    const { logger, lines } = capture('journald');
    logger.error('it failed', { err: failure, path: '/a b', count: 2 });
    logger.warn('be careful');
    expect(lines[0]).toMatch(/^<3>it failed service=test .*path="\/a b" count=2\n$/);
    expect(lines[0]?.trimEnd()).not.toContain('\n');
    expect(lines[1]).toBe('<4>be careful service=test\n');
  });

  it('shows people the message first and the stack below', () => {
    const { logger, lines } = capture('pretty');
    logger.withContext({ component: 'mirror' }).error('it failed', { err: failure });
    const [first, second] = (lines[0] ?? '').split('\n');
    expect(first).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR mirror it failed service=test$/);
    expect(second).toMatch(/^ {2}HephaestusError: two$/);
    expect(lines[0]).toContain('caused by:');
    expect(lines[0]).not.toContain('\u001b');
  });

  it('never shows a secret', () => {
    for (const output of ['json', 'pretty', 'journald'] as const) {
      const { logger, lines } = capture(output);
      logger.info('connecting', { token: new Secret('hunter2'), nested: { key: new Secret('hunter2') } });
      expect(lines[0]).not.toContain('hunter2');
      expect(lines[0]).toContain('[secret]');
    }
  });
});
