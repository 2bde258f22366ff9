// Finds what passwords were turned into: whoever holds it can try passwords out.
// Must never take a checksum for one: the schemes write themselves before it.
import { textOf } from './byte-classes.ts';
import type { Probe } from './finding.ts';

const mostBytes = 600;
const HEX_DIGITS = '0123456789ABCDEF';

const schemes: readonly RegExp[] = [
  /^\$(?:2[aby]\$\d\d\$[./A-Za-z0-9]{53}|(?:apr1|[156]|argon2(?:id|i|d)|y|7|gy|scrypt|pbkdf2(?:-sha\d{1,3})?|bcrypt-sha256|krb5\w{2,8}|ml|md5)\$[\w./=,$+*@-]{20,})/,
  /^\$[PH]\$[./A-Za-z0-9]{28,}/,
  /^SHA\}[A-Za-z0-9+/=]{24,}/,
  /^df2[_:]sha\d{1,3}[$:]\d+\$[^$\s]{4,64}\$[A-Za-z0-9+/=]{20,}/,
  /^rypt:\d+:\d+:\d+\$[^$\s]{4,64}\$[0-9a-f]{40,}/,
  /^-256\$\d{3,7}:[A-Za-z0-9+/=]{16,}\$[A-Za-z0-9+/=]{30,}:[A-Za-z0-9+/=]{30,}/,
  /^['"`]\*[0-9A-F]{40}(?=['"`])/,
];

/** crypt(5), PHC strings, phpass, Django's, Werkzeug's, LDAP's, PostgreSQL's, MySQL's, and Kerberos' tickets. */
export const hashProbe: Probe = {
  anchors: [
    '$2a$',
    '$2b$',
    '$2y$',
    '$apr',
    '$arg',
    '$scr',
    '$pbk',
    '$krb',
    '$bcr',
    ['$', '1567yPH', '$', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./'],
    'SHA}',
    'df2_',
    'df2:',
    'rypt',
    '-256',
    ['\'"`', '*', HEX_DIGITS, HEX_DIGITS],
  ],
  anyCase: false,
  examine(bytes, at, report) {
    const text = textOf(bytes, at, Math.min(bytes.length, at + mostBytes));
    for (const scheme of schemes) {
      const match = scheme.exec(text);
      if (match === null) continue;
      const skip = text.startsWith('SHA}') ? 4 : 0;
      report({ start: at + skip, end: at + match[0].length, kind: 'password-hash', rank: 1 });
      return;
    }
  },
};
