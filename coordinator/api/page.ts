// Pages of list calls: sizes and opaque tokens.
// Must never trust a token: it is checked, and its content is only ever a place in a list.
import { HephaestusError } from '../../base/errors.ts';
import type { PageRequest } from '../../proto/index.ts';

const defaultPageSize = 50;
const largestPageSize = 1000;

/** @throws HephaestusError `page.invalid` */
export function pageSizeOf(page: PageRequest | undefined): number {
  const size = page?.pageSize ?? 0;
  if (size > largestPageSize) throw invalid('page.page_size', `must be at most ${largestPageSize}`);
  return size === 0 ? defaultPageSize : size;
}

/** A token that says where the next page begins; `list` binds it to one call. */
export function writePageToken(list: string, place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** The place, with as many values of these types; undefined for the first page. @throws HephaestusError `page.invalid` */
export function readPageToken(
  list: string,
  page: PageRequest | undefined,
  shape: readonly ('string' | 'number')[],
): readonly (string | number)[] | undefined {
  const token = page?.pageToken ?? '';
  if (token === '') return undefined;
  const value = parse(token);
  const place = Array.isArray(value) && value[0] === list ? (value.slice(1) as unknown[]) : undefined;
  if (place?.length !== shape.length || place.some((item, index) => typeof item !== shape[index])) {
    throw invalid('page.page_token', 'is not one that this call gave out');
  }
  return place as (string | number)[];
}

/** A page of a list in memory; the token is the key of its last item. */
export function pageOf<Item>(
  list: string,
  items: readonly Item[],
  page: PageRequest | undefined,
  keyOf: (item: Item) => string,
): { readonly items: readonly Item[]; readonly nextPageToken: string } {
  const size = pageSizeOf(page);
  const place = readPageToken(list, page, ['string']);
  const found = place === undefined ? -1 : items.findIndex((item) => keyOf(item) === place[0]);
  if (place !== undefined && found < 0) throw invalid('page.page_token', 'names an item that is gone; begin again');
  const start = found + 1;
  const slice = items.slice(start, start + size);
  const last = slice.at(-1);
  return { items: slice, nextPageToken: last === undefined || start + size >= items.length ? '' : writePageToken(list, [keyOf(last)]) };
}

function parse(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    // Not one of ours; the caller says so.
    return undefined;
  }
}

function invalid(path: string, message: string): HephaestusError {
  return new HephaestusError({ code: 'page.invalid', kind: 'validation', message: `${path} ${message}`, details: [{ path, message }] });
}
