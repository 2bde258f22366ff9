// What a scan for suspicious places tells; there is one with vectors and one without.
// Must never be more than the contract.

export interface SuspectScan {
  /**
   * @param onAnchorEnd gets, in order, at least every index at which an anchor ends
   * @param onRun gets, in order, an index within each stretch of digits and single separators that is long enough for a card, and one in each 32 bytes of a long one
   */
  scan(bytes: Uint8Array, onAnchorEnd: (index: number) => void, onRun: (index: number) => void): void;
}
