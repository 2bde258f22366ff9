// What callers may rely on in HephaestusError.
// Must never depend on message wording.
import { describe, expect, it } from 'vitest';
import { HephaestusError, errnoOf, isHephaestusError } from '../../base/errors.ts';

describe('HephaestusError', () => {
  it('keeps what it was given and advises never to retry unless told', () => {
    const cause = new Error('root');
    const error = new HephaestusError({ code: 'a.b', kind: 'validation', message: 'm', details: [{ path: 'x', message: 'y' }], cause });
    expect(error).toMatchObject({ name: 'HephaestusError', code: 'a.b', kind: 'validation', retry: 'never', message: 'm', cause });
    expect(error.details).toEqual([{ path: 'x', message: 'y' }]);
  });

  it('is returned as it is by from', () => {
    const error = new HephaestusError({ code: 'a.b', kind: 'system', message: 'm' });
    expect(HephaestusError.from(error)).toBe(error);
  });

  it.each([
    ['ECONNREFUSED', 'operational', 'safe'],
    ['ECONNRESET', 'operational', 'ambiguous'],
    ['ENOSPC', 'system', 'safe'],
    ['EACCES', 'system', 'never'],
    ['ENOENT', 'system', 'never'],
    ['EISDIR', 'system', 'never'],
  ])('reads the system error %s as %s, retry %s', (code, kind, retry) => {
    const original = Object.assign(new Error(`${code}: failed`), { code });
    const error = HephaestusError.from(original);
    expect(error).toMatchObject({ kind, retry, cause: original });
    expect(errnoOf(original)).toBe(code);
  });

  it('reads an aborted and a timed-out operation as ambiguous', () => {
    expect(HephaestusError.from(AbortSignal.abort().reason)).toMatchObject({ code: 'aborted', retry: 'ambiguous' });
    expect(HephaestusError.from(new DOMException('late', 'TimeoutError'))).toMatchObject({ code: 'timeout', retry: 'ambiguous' });
  });

  it.each([['text'], [undefined], [null], [42], [{ a: 1n }], [{ toJSON: () => undefined }]])(
    'accepts %s, whatever was thrown',
    (thrown) => {
      const error = HephaestusError.from(thrown);
      expect(error).toMatchObject({ code: 'internal', kind: 'system', retry: 'never' });
      expect(error.message).not.toBe('');
    },
  );

  it('is recognised across copies of the module, and nothing else is', () => {
    const foreign = Object.assign(new Error('m'), { name: 'HephaestusError', code: 'a', kind: 'system', retry: 'safe' });
    expect(isHephaestusError(foreign)).toBe(true);
    expect(isHephaestusError(new Error('m'))).toBe(false);
    expect(isHephaestusError({ name: 'HephaestusError', code: 'a', kind: 'system', retry: 'safe' })).toBe(false);
  });
});
