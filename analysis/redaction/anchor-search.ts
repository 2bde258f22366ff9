// Finds the places that suggest a secret and has them examined: those where anchors stand, and digits like a card's.
// Must never judge; probes do.
import { wordAt, type AnchorTable } from './anchor-table.ts';
import { examineCards } from './cards.ts';
import type { Report } from './finding.ts';
import { PlainScan } from './plain-scan.ts';
import type { SuspectScan } from './suspect-scan.ts';
import { VectorScan } from './vector-scan.ts';

export class AnchorSearch {
  readonly #table: AnchorTable;
  readonly #scan: SuspectScan;

  /** @param scan for comparisons; by default one with vectors, or a plain one on processors that lack them */
  constructor(table: AnchorTable, scan: SuspectScan = VectorScan.start(table) ?? new PlainScan(table)) {
    this.#table = table;
    this.#scan = scan;
  }

  /** Linear in the length of `bytes`, but for the time of probes. */
  search(bytes: Uint8Array, report: Report): void {
    const table = this.#table;
    this.#scan.scan(
      bytes,
      (end) => {
        const probes = table.probesOf(wordAt(bytes, end));
        if (probes !== undefined) for (const probe of probes) probe.examine(bytes, end - 3, report);
      },
      (at) => examineCards(bytes, at, report),
    );
  }
}
