// Finds secrets in SQL, in the commands of mail, file and cache protocols, in credential files, and in sentences.
// Must never take a word for a secret where the place alone doesn't say so.
import { lineStart, textOf } from './byte-classes.ts';
import type { Probe } from './finding.ts';
import { isPlaceholder } from './placeholder.ts';
import { placeProbe, quoted, word, type PlaceRule } from './place-rule.ts';
import { judgeName } from './secret-name.ts';

const rules: readonly PlaceRule[] = [
  // MySQL, Oracle, PostgreSQL, SQL Server
  {
    anchors: ["by '", 'by "'],
    anyCase: true,
    before: /identified (?:with \S{1,40} )?$/i,
    value: new RegExp(`^by ${quoted}`, 'di'),
    kind: 'password',
  },
  { anchors: ['D BY'], before: /IDENTIFIE$/, value: new RegExp(`^D BY ${word}`, 'd'), kind: 'password' },
  { anchors: ["rd '", 'rd "', 'rd `'], anyCase: true, before: /passwo$/i, value: new RegExp(`^rd ${quoted}`, 'di'), kind: 'password' },
  { anchors: ["= N'"], before: /password ?$/i, value: new RegExp(`^= N${quoted}`, 'd'), kind: 'password' },
  // Sentences and .netrc
  { anchors: ['assw'], anyCase: true, before: /login \S{1,80} p$/i, value: new RegExp(`^assword ${word}`, 'di'), kind: 'password' },
  {
    anchors: ['assw'],
    anyCase: true,
    value: new RegExp(`^assword(?: (?:is|was|now|to|set to|changed to|reset to|=>|->))? ${word}`, 'di'),
    kind: 'password',
    isMixed: true,
  },
  {
    anchors: ['assw'],
    anyCase: true,
    value: /^assword\b[^:=\n]{1,80}:\s{1,6}["'`]?([^\s"'`,;]{6,128})/di,
    kind: 'password',
    isMixed: true,
  },
  {
    anchors: [' cod'],
    anyCase: true,
    before: /(?:verification|confirmation|security|log-?in|sign-?in|one-time|access|authentication|2fa|mfa|sms|recovery)$/i,
    value: /^ code(?: is| was|:)? (\d{4,8})\b/di,
    kind: 'one-time-code',
  },
  // A field for passwords that holds one
  { anchors: ['rd" '], before: /type="passwo$/i, value: /^rd" [^>]{0,120}\bvalue="([^"]{3,128})"/d, kind: 'password' },
  // SMTP, FTP, IMAP, Redis
  {
    anchors: ['UTH '],
    before: /(?:^|[^A-Za-z])A$/,
    value: /^UTH (?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5) ([A-Za-z0-9+/=]{12,4096})(?=\s|["']|$)/d,
    kind: 'authorization',
  },
  {
    anchors: ['UTH '],
    before: /(?:^|[^A-Za-z])A$/,
    value: new RegExp(`^UTH ["']?\\w{1,64}["']? ${word}`, 'd'),
    kind: 'password',
    isMixed: true,
  },
  { anchors: ['ASS '], before: /(?:^|[>:"'\]] ?)P$/, value: /^ASS ([^\s"']{3,128})\s*["']?$/dm, kind: 'password' },
  {
    anchors: ['GIN '],
    before: /(?:^|[^\w-])[A-Za-z]{0,4}\d{1,6} LO$/,
    value: /^GIN ["']?[\w.@+-]{1,80}["']? ["']?([^\s"']{3,128})["']?(?=\s|$)/d,
    kind: 'password',
    isMixed: true,
  },
];

const mostColumns = 40;

/** `INSERT INTO users (name, password) VALUES ('bob', '…')`: values in the columns whose names tell. */
const insert: Probe = {
  anchors: ['lues'],
  anyCase: true,
  examine(bytes, at, report) {
    const names = /\(([^()\n]{1,1000})\)\s{0,4}va$/i.exec(textOf(bytes, lineStart(bytes, at, 1_100), at))?.[1]?.split(',') ?? [];
    const secret = names.slice(0, mostColumns).map((name) => judgeName(name.replaceAll(/[`"'\s[\]]/g, '')));
    if (!secret.some(({ strength }) => strength === 'sure' || strength === 'likely')) return;
    const text = textOf(bytes, at, Math.min(bytes.length, at + 4_096));
    const values = /^lues\s{0,4}/i.exec(text)?.[0].length ?? 0;
    let column = -1;
    for (const match of text.matchAll(/(\()|(\))|'((?:[^'\\\n]|''|\\.)*)'|([^,'()\s][^,'()\n]*)/g)) {
      if (match.index < values) continue;
      if (match[1] !== undefined) column = 0;
      else if (match[2] !== undefined) column = -1;
      else if (column < 0 && match[4] !== undefined) return;
      else if (column >= 0) {
        const judgement = secret[column];
        const value = match[3] ?? '';
        const start = at + match.index + 1;
        const isTold = judgement?.strength === 'sure' || (judgement?.strength === 'likely' && value.length >= 16);
        if (isTold && value.length >= 3 && !isPlaceholder(bytes, start, start + value.length))
          report({ start, end: start + value.length, kind: judgement.kind, rank: 0 });
        column += 1;
      }
    }
  },
};

export const sentenceProbes: readonly Probe[] = [insert, ...rules.map(placeProbe)];
