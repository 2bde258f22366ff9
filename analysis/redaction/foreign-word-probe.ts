// Finds passwords behind the word for it in other languages and scripts: `contraseña: …`, `пароль=…`, `密码：…`.
// Must never take prose for one: in languages with letters a sign has to stand between, and words behind a blank don't count.
import { LETTER, textOf } from './byte-classes.ts';
import type { Probe } from './finding.ts';
import { isPlaceholder } from './placeholder.ts';

const mostBytes = 320;

/** German, French, Spanish, Portuguese, Italian, Dutch, Polish, Czech, Slovak, Turkish, Danish, Norwegian, Swedish, Finnish, Hungarian, Romanian. */
const plain =
  'kennwort mot_de_passe motdepasse contrasena contrasenia contrasenya senha palavra_passe parola parola_chiave parolachiave parola_d_ordine wachtwoord haslo heslo sifre adgangskode passord losenord salasana jelszo'.split(
    ' ',
  );
/** With the letters of these languages, and in Russian, Ukrainian, Greek, Arabic, Hebrew, Chinese, Japanese, Korean, Hindi. */
const written =
  'contraseña şifre hasło lösenord jelszó пароль κωδικός كلمة_المرور סיסמה 密码 密碼 パスワード 暗証番号 비밀번호 암호 पासवर्ड'.split(' ');

const bytesOf = (word: string): string => Buffer.from(word).toString('latin1');

/** `=`, `:`, its wide form, arrows, in quotes or not. What follows is the value. */
const sign = '["\']?[ \\t]{0,2}(?:=>?|:|\u00ef\u00bc\u009a|\u00e3\u0080\u0080|->)[ \\t]{0,2}';
const value = `(?:"([^"\\n]{3,128})"|'([^'\\n]{3,128})'|([^\\s"',;&<>()\\]}]{3,128}))`;

function wordProbe(word: string, isPlain: boolean): Probe {
  const bytes = bytesOf(word);
  const spelling = bytes.replaceAll('_', '[ _-]?');
  // The last four bytes are looked for; what stands before them is compared there.
  const anchor = bytes.slice(-4);
  const pattern = new RegExp(`^${spelling}${sign}${value}`, isPlain ? 'di' : 'd');
  return {
    anchors: [anchor],
    anyCase: isPlain,
    examine(text, at, report) {
      const from = at + 4 - bytes.length;
      if (from < 0 || (isPlain && LETTER[text[from - 1] ?? 0] === 1)) return;
      const match = pattern.exec(textOf(text, from, Math.min(text.length, from + mostBytes)));
      const place = match?.indices?.[1] ?? match?.indices?.[2] ?? match?.indices?.[3];
      if (match === null || place === undefined) return;
      const [start, end] = [from + place[0], from + place[1]];
      // `Passwort: zu kurz`: a word of lower case letters and more words behind it.
      const isProse =
        match[3] !== undefined &&
        match[0].endsWith(match[3]) &&
        /^[a-z\x80-\xff]+ [a-z\x80-\xff]/i.test(textOf(text, start, Math.min(text.length, end + 2)));
      if (!isProse && !isPlaceholder(text, start, end)) report({ start, end, kind: 'password', rank: 0 });
    },
  };
}

export const foreignWordProbes: readonly Probe[] = [
  ...plain.map((word) => wordProbe(word, true)),
  ...written.map((word) => wordProbe(word, false)),
];
