// Sorts kernel reports into classes of one cause: the same stray access shows as KASAN's report, as a fault or as an oops.
// Must never look at frames.

/** The class by which reports of one cause are alike, however the kernel noticed it. */
export function kernelClass(type: string): string {
  for (const [pattern, name] of CLASSES) if (pattern.test(type)) return name;
  return type;
}

const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/^K\w+: (?:invalid-free|double-free|invalid free)/, 'invalid free'],
  [/^KMSAN: /, 'uninitialised value'],
  [/^KCSAN: /, 'data race'],
  [/^(?:KASAN|KFENCE): /, 'bad access'],
  [
    /unable to handle|NULL pointer dereference|general protection fault|Unhandled fault|Bad mode|^Oops$|^Internal error$|Unhandled kernel/i,
    'bad access',
  ],
  [/^(?:soft lockup|hard lockup|rcu stall)$/, 'stall'],
  [/^hung task$/, 'hang'],
];
