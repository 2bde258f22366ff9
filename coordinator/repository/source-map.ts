// Source maps: where one is (inline, beside the code, or named by it) and what it says of a position. The only file that knows trace-mapping.
// Must never fetch a map from anywhere, nor trust one: a map that can't be read is none.
import { posix } from 'node:path';
import { FlattenMap, LEAST_UPPER_BOUND, originalPositionFor } from '@jridgewell/trace-mapping';

/** A position in a source, as its map names it. */
export interface OriginalPosition {
  /** Relative to the repository where the map says where its sources are; else as the bundler names them. */
  readonly source: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

type Asked = Parameters<typeof originalPositionFor>[0];

export class SourceMap {
  readonly #map: Asked;

  private constructor(map: Asked) {
    this.#map = map;
  }

  /** @param path of the map, or of the code that holds it. @returns undefined for what is no map */
  static read(text: string, path: string): SourceMap | undefined {
    try {
      // Some servers put a guard before JSON, so that no page can include it as a script.
      return new SourceMap(new FlattenMap(text.replace(/^\)\]\}'[^\n]{0,20}\n/, ''), path));
    } catch {
      return undefined;
    }
  }

  /** @param line 1-based @param column 1-based; undefined asks for the first of the line */
  find(line: number, column: number | undefined): OriginalPosition | undefined {
    if (line < 1) return undefined;
    const at = { line, column: Math.max(0, (column ?? 1) - 1) };
    const found = originalPositionFor(this.#map, at);
    const position = found.source === null ? originalPositionFor(this.#map, { ...at, bias: LEAST_UPPER_BOUND }) : found;
    return position.source === null ? undefined : { source: position.source, line: position.line, column: position.column + 1 };
  }
}

/** What compiled code says of its map: the last such comment counts (ECMA-426, "Extraction methods"). */
export type MapReference =
  | { readonly kind: 'inline'; readonly text: string }
  /** In the repository, if it is there. */
  | { readonly kind: 'file'; readonly path: string };

const longestReference = 4096;

export function findMapReference(code: string, path: string): MapReference | undefined {
  const at = Math.max(
    code.lastIndexOf('//# sourceMappingURL='),
    code.lastIndexOf('//@ sourceMappingURL='),
    code.lastIndexOf('/*# sourceMappingURL='),
  );
  if (at < 0) return undefined;
  const start = code.indexOf('=', at) + 1;
  const end = code.slice(start).search(/[\s'"*]/);
  const url = end < 0 ? code.slice(start) : code.slice(start, start + end);
  const inline = /^data:application\/json[^,]{0,60};base64,/.exec(url.slice(0, 120));
  if (inline !== null) return { kind: 'inline', text: Buffer.from(url.slice(inline[0].length), 'base64').toString('utf8') };
  if (url.startsWith('data:') || url === '' || url.length > longestReference) return undefined;
  // A URL of where it is served; beside the code it has the same name.
  const name = /^[a-z][a-z0-9+.-]*:/i.test(url) ? (url.split(/[?#]/)[0]?.split('/').at(-1) ?? '') : (url.split(/[?#]/)[0] ?? '');
  const place = posix.normalize(posix.join(posix.dirname(path), decode(name)));
  return place.startsWith('..') || name === '' ? undefined : { kind: 'file', path: place };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
