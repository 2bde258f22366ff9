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
  const most = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  const collected: Item[] = [];
  let pageToken = '';
  do {
    const page = await fetchPage({ pageSize: Math.min(most - collected.length, largestPage), pageToken });
    collected.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && collected.length < most);
  return collected.slice(0, most);
}
