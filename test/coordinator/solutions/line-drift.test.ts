// Lines of traces of another revision, or of compiled code, in the code as it is now.
// Must never need a repository: files and functions are given.
import { expect, it } from 'vitest';
import type { FunctionRange } from '../../../base/syntax-tree.ts';
import type { CodeLocation, LocateQuery } from '../../../coordinator/repository/repository.ts';
import { settleLines } from '../../../coordinator/solutions/line-drift.ts';

const text = `// 1
// 2
export function priceOf(basket) {
  const rate = taxRateOf(basket.customer);
  return basket.cents * rate;
}

export function taxRateOf(customer) {
  const { address } = customer;
  const country = address.country;
  return rates[country] ?? standard(address);
}
`;
const functions: readonly FunctionRange[] = [
  { name: 'priceOf', startLine: 3, endLine: 6 },
  { name: 'taxRateOf', startLine: 8, endLine: 12 },
];
type Frame = LocateQuery['frames'][number];
const frame = (name: string, line: number): Frame => ({
  file: '/srv/dist/pricing.js',
  line,
  column: undefined,
  function: name,
  module: undefined,
  inApp: true,
  source: undefined,
});
const location = (name: string, line: number): CodeLocation => ({ path: 'src/pricing.ts', line, function: name, score: 1, reasons: [] });

function settle(message: string, frames: readonly Frame[]): readonly CodeLocation[] {
  const locations = frames.map((one) => location(one.function ?? '', one.line ?? 0));
  return settleLines(locations, frames, new Map([['src/pricing.ts', text]]), new Map([['src/pricing.ts', functions]]), message);
}

const stack = [frame('taxRateOf', 40), frame('priceOf', 30)];

it('stand where what the error names does, and where the next inner function is called', () => {
  const [inner, outer] = settle("Cannot read properties of undefined (reading 'country')", stack);
  expect(inner).toMatchObject({ line: 10, reasons: ['country stands on line 10 of taxRateOf alone'] });
  expect(outer).toMatchObject({ line: 4, reasons: ['taxRateOf stands on line 4 of priceOf alone'] });
  expect(settle('standard is not a function', stack)[0]).toMatchObject({ line: 11 });
});

it('stand at the function’s beginning where the error names nothing, or what stands on several lines', () => {
  for (const message of ['boom', "Cannot read properties of undefined (reading 'address')", "No 'nowhere' here"])
    expect(settle(message, stack)[0]).toMatchObject({ line: 8, reasons: ['taxRateOf begins at line 8 now'] });
});

it('stay where they are in their function', () => {
  expect(settle("reading 'country'", [frame('taxRateOf', 11)])[0]).toMatchObject({ line: 11, reasons: [] });
});
