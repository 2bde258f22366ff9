// What redaction replaces, what it leaves alone, and what a token says.
// Must never hold a credential that works anywhere: values are made up or drawn.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPersonalData } from '../../../analysis/redaction/personal-data.ts';
import { findRandomValues } from '../../../analysis/redaction/random-values.ts';
import { Redaction } from '../../../analysis/redaction/redaction.ts';
import type { Pass } from '../../../analysis/redaction/secret-finder.ts';

const key = Buffer.from('0123456789abcdef');
const redactionOf = (passes: readonly Pass[] = [], allow: readonly string[] = []): Redaction => new Redaction({ key, passes, allow });
const redact = (text: string, ...passes: readonly Pass[]): string => redactionOf(passes).redactText(text).text;
/** Without the hashes. */
const shape = (text: string, ...passes: readonly Pass[]): string => redact(text, ...passes).replaceAll(/:[0-9a-f]{8}›/g, '›');

const hex = (length: number, salt = 7): string =>
  Array.from({ length }, (_unused, i) => ((i * salt + (i >> 2) * 5 + 3) % 16).toString(16)).join('');
const word = (length: number): string =>
  Array.from({ length }, (_unused, i) => 'aQ7xZk2LmP9wEr4TyU8'.charAt((i * 5 + (i >> 3)) % 19)).join('');

describe('credentials known by their shape', () => {
  it.each([
    ['aws-key', 'AKIAQ3EGRIZZ7WDX5LPM'],
    ['github-token', `ghp_${word(36)}`],
    ['github-token', `github_pat_${word(40)}`],
    ['gitlab-token', `glpat-${word(20)}`],
    ['slack-token', `xoxb-1234567890-${word(24)}`],
    ['stripe-key', `sk_live_${word(24)}`],
    ['gcp-key', `AIza${word(35)}`],
    ['npm-token', `npm_${word(36)}`],
    ['sendgrid-key', `SG.${word(22)}.${word(43)}`],
    ['openai-key', `sk-proj-${word(48)}`],
    ['hugging-face-token', `hf_${word(34)}`],
    ['telegram-token', `7213808860:AA${word(33)}`],
    ['discord-token', `MTAy${word(20)}.GSwJyi.${word(38)}`],
    ['twilio-key', `SK${hex(32)}`],
    ['mailchimp-key', `${hex(32)}-us12`],
    ['jwt', `eyJhbGciOiJIUzI1NiJ9.${word(40)}.${word(43)}`],
    ['vault-token', `hvs.${word(90)}`],
    ['azure-secret', `aB38Q~${word(34)}`],
    ['age-key', `AGE-SECRET-KEY-1${word(58).toUpperCase()}`],
    ['webhook', `hooks.slack.com/services/T0000AB12/B0000CD34/${word(24)}`],
  ])('finds %s wherever it stands', (kind, value) => {
    for (const [before, after] of [
      ['', ''],
      ['upstream said no to ', ' and gave up'],
      ['{"v":"', '"}'],
      ['a\\n', '\\nb'],
    ]) {
      expect(shape(`${before}${value}${after}`)).toBe(`${before}‹secret:${kind}›${after}`);
    }
  });

  it.each(['4111 1111 1111 1111', '4111111111111111', '5500-0000-0000-0004', '378282246310005'])('finds the card %s', (card) => {
    expect(shape(`charge of ${card} declined`)).toBe('charge of ‹secret:card› declined');
    expect(shape(card)).toBe('‹secret:card›');
  });

  it.each(['4111111111111112', '1760000000000123', '2025-10-09 12:34:56 1234', 'blk_4111111111111111', '10.251.121.224'])(
    'leaves the number %s',
    (text) => expect(redact(text)).toBe(text),
  );
});

describe('values known by their names', () => {
  it.each([
    ['password=hunter2', 'password=‹secret:password›'],
    ['DB_PASSWORD: "correct horse"', 'DB_PASSWORD: "‹secret:password›"'],
    ["db.passwd='a b, c' next", "db.passwd='‹secret:password›' next"],
    ['{"user":"ann","password":"x\\"y"}', '{"user":"ann","password":"‹secret:password›"}'],
    ['{\\"password\\":\\"hunter2\\",\\"a\\":1}', '{\\"password\\":\\"‹secret:password›\\",\\"a\\":1}'],
    ['GET /cb?code=ok&access_token=abc123def456&state=1 HTTP/1.1', 'GET /cb?code=ok&access_token=‹secret:token›&state=1 HTTP/1.1'],
    ['next=%2Fhome%3Ftoken%3Dq8Zk2LmP9wEr4TyU', 'next=%2Fhome%3Ftoken%3D‹secret:token›'],
    ['Server=db;User Id=sa;Password=S3cr3t!;Encrypt=yes', 'Server=db;User Id=sa;Password=‹secret:password›;Encrypt=yes'],
    ['postgres://app:pa$$w0rd@db.internal:5432/app', 'postgres://app:‹secret:url-password›@db.internal:5432/app'],
    ['amqp://guest:a/b@c@mq:5672/', 'amqp://guest:‹secret:url-password›@mq:5672/'],
    ['Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l', 'Authorization: Basic ‹secret:authorization›'],
    ['-H "Authorization: Bearer abc.def-123456"', '-H "Authorization: Bearer ‹secret:authorization›"'],
    ['X-Api-Key: 05601f1597222e51aaab22eb58695788', 'X-Api-Key: ‹secret:api-key›'],
    ['Set-Cookie: session=e586e3b7:5eadf229; HttpOnly; Path=/', 'Set-Cookie: session=‹secret:cookie›; HttpOnly; Path=/'],
    ['Cookie: theme=dark1; _ga=GA1.2.33', 'Cookie: theme=‹secret:cookie›; _ga=‹secret:cookie›'],
    ['login --token q8Zk2LmP9wEr4TyU --region eu', 'login --token ‹secret:token› --region eu'],
    ['<add key="Password" value="hunter2" />', '<add key="Password" value="‹secret:password›" />'],
    ['<password>hunter2</password>', '<password>‹secret:password›</password>'],
    ["curl -u admin:hunter2 'https://x'", "curl -u admin:‹secret:password› 'https://x'"],
  ])('%s', (text, expected) => expect(shape(text)).toBe(expected));

  it.each([
    'Failed password for invalid user admin from 10.0.0.1 port 22 ssh2',
    'password: too short, try again',
    'password=*** token=null apiKey=${API_KEY} secret=<none>',
    'Unexpected token } in JSON at position 42',
    'primaryKey=550e8400-e29b-41d4-a716-446655440000 cacheKey=user:42',
    'secret=default/web-tls not found',
    'session 0x14ed93111f2002b established, sessionid:0x14ed93111f2002b',
    'max_tokens=4096 nextToken: 12',
    'author=ann authenticated=true keyspace=orders',
    'GET http://host:8080/a@b/c',
    'mailto:ann@example.org ssh://git@example.org/x',
    'request 550e8400-e29b-41d4-a716-446655440000 commit 9fceb02d0ae598e95dc970b74767f19372d61af8 done',
    '    at com.example.TokenStore.getToken(TokenStore.java:42)',
    '  File "/srv/app/auth/password.py", line 12, in check_password',
  ])('leaves %s', (text) => expect(redact(text)).toBe(text));
});

const body = [word(64), word(64).toUpperCase(), `${word(40)}==`];

describe('private keys', () => {
  const lines = ['-----BEGIN RSA PRIVATE KEY-----', ...body, '-----END RSA PRIVATE KEY-----'];

  it('loses its lines and stays as many', () => {
    const result = shape(`before\n${lines.join('\n')}\nafter`);
    expect(result.split('\n')).toEqual([
      'before',
      lines[0],
      '‹secret:private-key›',
      '‹secret:private-key›',
      '‹secret:private-key›',
      lines.at(-1),
      'after',
    ]);
  });

  it('is found within one line, behind wrappers, and when its beginning is missing', () => {
    for (const text of [
      `key="${lines.join('\\n')}\\n"`,
      lines.map((line) => `2026-11-23T03:12:58Z stdout F ${line}`).join('\n'),
      lines.slice(1).join('\n'),
      lines.slice(0, -1).join('\n'),
      `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n${body.join('\n')}\n-----END PGP PRIVATE KEY BLOCK-----`,
    ]) {
      const result = redact(text);
      for (const line of body) expect(result).not.toContain(line.slice(0, 30));
    }
  });

  it('leaves certificates and public keys', () => {
    for (const kind of ['CERTIFICATE', 'PUBLIC KEY']) {
      const text = `-----BEGIN ${kind}-----\n${body.join('\n')}\n-----END ${kind}-----`;
      expect(redact(text)).toBe(text);
    }
  });
});

describe('tokens', () => {
  it('are equal for equal values and one key, and differ otherwise', () => {
    const one = redact('password=hunter2');
    expect(redact('{"password":"hunter2"}')).toContain(one.slice('password='.length));
    expect(redact('password=hunter3')).not.toBe(one);
    const other = new Redaction({ key: Buffer.from('fedcba9876543210'), passes: [], allow: [] });
    expect(other.redactText('password=hunter2').text).not.toBe(one);
  });

  it('are left alone by a second pass', () => {
    const once = redact(`token=${word(30)} user:pass https://a:b@c.d/ Cookie: a=12345 ghp_${word(36)}`);
    expect(redact(once, findPersonalData, findRandomValues)).toBe(once);
  });

  it('are not made for values that are allowed', () => {
    expect(redactionOf([], ['hunter2']).redactText('password=hunter2 token=q8Zk2LmP9wEr4TyU').text).toMatch(
      /^password=hunter2 token=‹secret:token:[0-9a-f]{8}›$/,
    );
  });
});

describe('by choice', () => {
  it.each([
    ['mail from ann.lee+x@example.org.', 'mail from ‹personal:mail›.'],
    ['client 203.0.113.7:443', 'client ‹personal:ip›:443'],
    ['peer 2001:db8::8a2e:370:7334 left', 'peer ‹personal:ip› left'],
    ['IBAN DE89 3704 0044 0532 0130 00 refused', 'IBAN ‹personal:iban› refused'],
    ['call +49 30 901820 now', 'call ‹personal:phone› now'],
  ])('personal data: %s', (text, expected) => {
    expect(shape(text, findPersonalData)).toBe(expected);
    expect(redact(text)).toBe(text);
  });

  it('leaves loopback, versions and times', () => {
    const text = 'listening on 127.0.0.1:80 and 0.0.0.0, version 1.2.3, at 12:34:56, Foo::bar, 00:1b:44:11:3a:b7';
    expect(redact(text, findPersonalData)).toBe(text);
  });

  it('random values without a name, for what leaves the house', () => {
    const text = `got ${word(40)} from com.example.web.ApiClientFactoryBean and 550e8400-e29b-41d4-a716-446655440000`;
    expect(shape(text, findRandomValues)).toBe(text.replace(word(40), '‹secret:random›'));
  });
});

describe('whatever the text', () => {
  const secret = fc.constantFrom(`ghp_${word(36)}`, 'AKIAQ3EGRIZZ7WDX5LPM', `sk_live_${word(24)}`, `glpat-${word(20)}`, `npm_${word(36)}`);
  const separator = fc.constantFrom(' ', '\n', '"', "'", '=', ',', '\t', '(', '\\n');

  it('a planted secret vanishes, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        separator,
        secret,
        separator,
        fc.string({ maxLength: 300 }),
        (a, s, value, t, b) => {
          expect(redact(`${a}${s}${value}${t}${b}`)).not.toContain(value);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('lines stay as many as they were, and what is no secret stays in its place', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'password=',
        'token: ',
        '-----BEGIN PRIVATE KEY-----',
        '-----END PRIVATE KEY-----',
        '://',
        '@',
        'Cookie: a=',
        '"',
        '\\',
        '\n',
        '\r\n',
        ' ',
      ),
      fc.string({ maxLength: 30 }),
      fc.constant(word(30)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''));
        const found = redactionOf([findPersonalData, findRandomValues]).find(bytes);
        let at = 0;
        for (const { start, end } of found) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(bytes.length);
          expect(bytes.subarray(start, end).includes(0x0a)).toBe(false);
          at = end;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
