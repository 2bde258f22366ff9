// Which distribution this is, as os-release(5) says.
// Must never fail: a host without the file has no distribution to speak of.
import { readFile } from 'node:fs/promises';

/** NAME, VERSION_ID, ID and what else is in the file. @param files the first that can be read is taken */
export async function readOsRelease(files = ['/etc/os-release', '/usr/lib/os-release']): Promise<Readonly<Record<string, string>>> {
  for (const file of files) {
    try {
      return parseOsRelease(await readFile(file, 'utf8'));
    } catch {
      // The other place, or none.
    }
  }
  return {};
}

/** Shell assignments, one a line; values may be quoted, with backslashes before `"`, `$`, `` ` `` and `\`. */
export function parseOsRelease(text: string): Readonly<Record<string, string>> {
  const entries = text.split('\n').flatMap((line) => {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim());
    const [, name, value] = match ?? [];
    return name === undefined || value === undefined ? [] : [[name, unquote(value)] as const];
  });
  return Object.fromEntries(entries);
}

function unquote(value: string): string {
  const quote = value[0];
  if (value.length < 2 || (quote !== '"' && quote !== "'") || value.at(-1) !== quote) return value;
  const inner = value.slice(1, -1);
  return quote === "'" ? inner : inner.replaceAll(/\\(["$`\\])/g, '$1');
}
