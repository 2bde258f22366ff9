// How Perl writes `die` and Carp's `confess`.
// Must never guess at other languages' framesPhase.
import type { Frame } from '../trace.ts';
import { indentationOf, isIndented, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { frameOf, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const framesPhase = surePhase('frames');

/** Joins `… at app.pl line 4.` with `\tmain::f(…) called at app.pl line 5`. */
export const perlJoining: JoinRules = {
  announce: () => undefined,
  attach: (line) => (isIndented(line) && readCall(line) !== undefined ? framesPhase : undefined),
  follow: (_phase, line) => (isIndented(line) && readCall(line) !== undefined ? framesPhase : undefined),
};

export const perlReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (readCall(line) !== undefined) weight += 3;
      // A line that ends in a Perl source and its line is what `die` prints by itself.
      else if (readHead(line) !== undefined) weight += /\.(?:pl|pm|t|cgi|psgi) line \d{1,9}\.$/.test(line.trimEnd()) ? 2 : 1;
    }
    return weight;
  },
  read(lines) {
    const firstCall = lines.findIndex((line) => readCall(line) !== undefined);
    const upTo = firstCall < 0 ? lines.length : firstCall;
    const at = lines.slice(0, upTo).findLastIndex((line) => readHead(line) !== undefined);
    const head = readHead(lines[at] ?? '');
    if (head === undefined) return undefined;
    const calls = lines.slice(at + 1).flatMap((line) => readCall(line) ?? []);
    // Like PHP, each line says from where a function was called; its own place is the one a step above.
    const places = [head, ...calls];
    const list: Frame[] = places.map(({ file, line }, index) => {
      const name = calls[index]?.name;
      return frameOf({ function: name, file, line, inApp: isApp(name, file) });
    });
    // Without any call the outermost place is a whole program; with calls its last entry is the program's body.
    return traceOf('perl', { type: typeOf(head.message), message: head.message, frames: list });
  },
};

/** `die` with an object prints the object's class where it has a stringified form `My::Error: text`; otherwise it is `die`. */
function typeOf(message: string): string {
  return /^((?:[A-Z]\w{0,60}::){1,8}\w{1,100})(?:=HASH|: )/.exec(message)?.[1] ?? 'die';
}

interface PerlPlace {
  readonly file: string;
  readonly line: number;
}

/** `no price for sku-17 at app.pl line 4.`, also `…, <STDIN> line 3.` */
function readHead(line: string): (PerlPlace & { readonly message: string }) | undefined {
  const at = line.lastIndexOf(' line ');
  if (at < 0) return undefined;
  const text = line.trim();
  const found = /^(.{1,8000}?) at (\S{1,1000}) line (\d{1,9})(?:, <\w{1,40}> (?:line|chunk) \d{1,12})?\.?$/.exec(text);
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  if (!/^(?:\(eval|-e$)|\.(?:pl|pm|t|cgi|psgi)$|^[\w/.-]{1,1000}$/.test(found[2])) return undefined;
  return { message: found[1], file: found[2], line: Number(found[3]) };
}

/** `\tmain::price(HASH(0x5601cd3e24b8), "sku-17") called at app.pl line 5`. */
function readCall(line: string): (PerlPlace & { readonly name: string | undefined }) | undefined {
  const mark = line.lastIndexOf(' called at ');
  if (mark < 0) return undefined;
  const found = /^(\S{1,1000}|\(eval \d{1,9}\)) line (\d{1,9})\.?(?:, <\w{1,40}> line \d{1,12}\.?)?$/.exec(line.slice(mark + 11).trimEnd());
  if (found?.[1] === undefined) return undefined;
  const call = line.slice(indentationOf(line), mark);
  const open = call.indexOf('(');
  const name = call.startsWith('eval {') || call.startsWith('require ') ? undefined : open > 0 ? call.slice(0, open) : call;
  return { name, file: found[1], line: Number(found[2]) };
}

function isApp(name: string | undefined, file: string): boolean {
  if (name !== undefined && /^(?:Carp|Try::Tiny|Moose|Class::MOP|Mojo|Plack|Catalyst|DBI|Test::\w+)::/.test(name)) return false;
  return !/\/(?:share|lib|lib64)\/perl\d?\/|\/site_perl\/|\/vendor_perl\/|\/perl5\/lib\//.test(file);
}
