// Walks all pages of a list call up to the number of items that was asked for.
// Must never hold more than that many.

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

const largestPage = 500;

/** @param limit 0 means all. */
export async function collectPages<Item>(
  limit: number,
  fetchPage: (page: { pageSize: number; pageToken: string }) => Promise<Page<Item>>,
): Promise<Item[]> {
  const collected: Item[] = [];
  let pageToken = '';
  do {
    const left = limit === 0 ? largestPage : limit - collected.length;
    const page = await fetchPage({ pageSize: Math.min(left, largestPage), pageToken });
    collected.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && (limit === 0 || collected.length < limit));
  return limit === 0 ? collected : collected.slice(0, limit);
}
