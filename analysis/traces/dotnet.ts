// Reads the traces of .NET: CoreCLR, .NET Framework and Mono.
// Must never join lines; at-joining does.
import type { Frame, Trace } from '../trace.ts';
import { findExceptionHead, readExceptionHead } from './exception-head.ts';
import { indentationOf } from './join-rules.ts';
import { chainOf, frameOf, readLocation, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

export const dotnetReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (readDotnetFrame(line) !== undefined) weight += 2;
      else if (line.includes('--- End of ') || line.startsWith('Unhandled Exception:')) weight += 2;
    }
    return weight;
  },
  read(lines) {
    let head: string[] = [];
    // Inner exceptions' frames come first, each group closed by `--- End of inner exception stack trace ---`.
    const groups: Frame[][] = [[]];
    for (const line of lines) {
      const frame = readDotnetFrame(line);
      if (frame !== undefined) {
        groups.at(-1)?.push(frame);
        continue;
      }
      const text = line.trim();
      if (text.startsWith('--- End of inner exception')) groups.push([]);
      // After an await the frames go on: the same exception, rethrown.
      else if (text.startsWith('--- End of stack trace')) continue;
      else if (hasFrames(groups) && (text.startsWith('[ERROR]') || findExceptionHead(text) !== undefined) && !text.startsWith('---> '))
        break;
      else if (!hasFrames(groups) && text !== '' && text !== 'Unhandled Exception:' && head.length < 64) head.push(text);
    }
    if (!hasFrames(groups)) return undefined;
    head = fromException(head);
    const heads = head.join('\n').split('---> ').map(readHead);
    const traces: Trace[] = heads.map((parts, index) => traceOf('dotnet', { ...parts, frames: groups[groups.length - 1 - index] ?? [] }));
    return chainOf(traces);
  },
};

function hasFrames(groups: readonly Frame[][]): boolean {
  return groups.some((group) => group.length > 0);
}

/** Drops what was logged before the exception. */
function fromException(head: readonly string[]): string[] {
  const start = head.findIndex((line) => findExceptionHead(line) !== undefined);
  return head.slice(Math.max(start, 0));
}

function readHead(text: string): { readonly type: string | undefined; readonly message: string } {
  const end = text.indexOf('\n');
  const first = (end < 0 ? text : text.slice(0, end)).replace(/^Unhandled exception\. /, '').trim();
  const rest = end < 0 ? '' : text.slice(end);
  const named = findExceptionHead(first) ?? readExceptionHead(first);
  return { type: named?.type, message: (named?.message ?? first) + rest };
}

/** `   at Shop.Program.Price(String k) in /srv/app.cs:line 7` or Mono's `  at Shop.Program.Price (System.String k) [0x00003] in /srv/app.cs:7`. */
function readDotnetFrame(line: string): Frame | undefined {
  const start = indentationOf(line);
  if (!line.startsWith('at ', start)) return undefined;
  const text = line.slice(start + 3).trimEnd();
  const open = text.indexOf('(');
  if (open <= 0) return undefined;
  const mono = text.charCodeAt(open - 1) === 0x20;
  const name = text.slice(0, mono ? open - 1 : open);
  if (name.includes(' ') || !name.includes('.')) return undefined;
  const inFile = text.indexOf(' in ', open);
  const rest = inFile < 0 ? text.slice(open) : text.slice(open, inFile);
  // Mono always gives an offset; CoreCLR ends after the arguments, or with `:line N`. Others' frames do neither.
  if (mono ? !rest.includes('[0x') && inFile < 0 : !rest.endsWith(')') || !isArguments(rest)) return undefined;
  const location = readLocation(inFile < 0 ? '' : text.slice(inFile + 4).replace(':line ', ':'));
  const file = location.file?.startsWith('<') === true ? undefined : location.file;
  return frameOf({ function: name, file, line: file === undefined ? undefined : location.line, inApp: isApp(name) });
}

/** `()` or `(String k, Int32 n)`: types with names, never a file with a line. */
function isArguments(text: string): boolean {
  return text === '()' || (text.includes(' ') && !/[:/\\]/.test(text));
}

const LIBRARIES: readonly string[] = words(`
    System. Microsoft. Mono. Newtonsoft. Npgsql. MySql. StackExchange. Serilog. NLog. Xunit. NUnit. Grpc. Polly. Dapper.
    AutoMapper. MediatR. Castle. lambda_method Interop. Internal.
  `);

function isApp(name: string): boolean {
  return !LIBRARIES.some((prefix) => name.startsWith(prefix)) && !name.startsWith('(wrapper ');
}
