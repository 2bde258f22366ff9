// That what is asked for ahead of a pattern is what the pattern itself asks for, and no more.
// Must never hold a credential that works anywhere.
import { describe, expect, it } from 'vitest';
import { beginsAt, endsAt, fixedBeginning, fixedEnd } from '../../../analysis/redaction/fixed-text.ts';

const textOf = ({ codes }: { readonly codes: Uint8Array }): string => Buffer.from(codes).toString('latin1');

describe('the fixed end of a pattern', () => {
  it.each([
    [/\bvault l$/, 'vault l'],
    [/\bn$/, 'n'],
    [/login \S{1,80} p$/i, ' p'],
    [/PASSWO$/i, 'passwo'],
    [/(?:docker|podman) login$/, ' login'],
  ])('of %s is what stands behind its last choice', (pattern, text) => {
    expect(textOf(fixedEnd(pattern))).toBe(text);
  });

  it.each([/password ?$/i, /one|two$/, /\x20ab$/, /(?:add|chan)$/, /[a-z ]$/, /two$/m, /two$/u, /ab\$/, /ab/])(
    'of %s is nothing',
    (pattern) => {
      expect(textOf(fixedEnd(pattern))).toBe('');
    },
  );

  it('may be of either case only where the pattern says so', () => {
    const bytes = Buffer.from('my PassWo');
    expect(endsAt(bytes, bytes.length, fixedEnd(/passwo$/i))).toBe(true);
    expect(endsAt(bytes, bytes.length, fixedEnd(/passwo$/))).toBe(false);
    expect(endsAt(bytes, 3, fixedEnd(/passwo$/i))).toBe(false);
  });
});

describe('the fixed beginning of a pattern', () => {
  it.each([
    [/^ogin (?!-)(\S+)/d, 'ogin '],
    [/^echo (?:-\w+ )?x/, 'echo '],
    [/^abc?d/, 'ab'],
    [/^abc{0,2}/, 'ab'],
    [/^abc+d/, 'abc'],
  ])('of %s is what stands before its first choice', (pattern, text) => {
    expect(textOf(fixedBeginning(pattern))).toBe(text);
  });

  it.each([/^(?:sip|ips):/, /^one|^two/, /one/, /^ASS x/m])('of %s is nothing', (pattern) => {
    expect(textOf(fixedBeginning(pattern))).toBe('');
  });

  it('reaches over neither end of the bytes', () => {
    const bytes = Buffer.from('logi');
    expect(beginsAt(bytes, 1, fixedBeginning(/^ogi/))).toBe(true);
    expect(beginsAt(bytes, 1, fixedBeginning(/^ogin/))).toBe(false);
    expect(endsAt(bytes, 1, fixedEnd(/vault l$/))).toBe(false);
  });
});
