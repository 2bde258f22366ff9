// Benchmark `reduction`: how much less a node sends when it ships problems only, and whether the incidents stay the same.
// Must never count as reached what wasn't sent: the other side reads the messages only.
import { Analyzer } from '../analysis/analyzer.ts';
import { decodeReduced, encodeReduced } from '../analysis/reduction/reduced-record.ts';
import { Reducer, type Reduced } from '../analysis/reduction/reducer.ts';
import { urgencyOf } from '../analysis/urgency.ts';
import { findFaultData } from './fault-data.ts';
import { findLoghub, readMixed } from './loghub.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';

interface Line {
  readonly source: string;
  readonly text: string;
}

/**
 * Measures `bytesRatio` (bytes of all records by bytes sent, both uncompressed) and `sameIncidents` (incidents that both ways reach, by
 * those that either does), over recorded faults; the mixed stream, in which problems are common, is a condition beside them.
 */
export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const figures: Record<string, number> = {};
  const conditions: Record<string, number> = {};
  const data = findFaultData(options.data);
  if (data !== undefined) {
    const paths = data.dates.flatMap(({ faultFree, faults }) => [...faultFree, ...faults.flatMap(({ windows }) => windows)]);
    const lines = data.readMinutes([...new Set(paths)]).map(({ service, text }) => ({ source: service, text }));
    const result = compare(lines);
    figures['bytesRatio'] = result.bytesRatio;
    figures['sameIncidents'] = result.sameIncidents;
    conditions['records'] = lines.length;
    conditions['incidents'] = result.incidents;
  }
  const folder = findLoghub(options.data);
  if (folder !== undefined) {
    const result = compare(readMixed(folder).map(({ source, line }) => ({ source, text: line })));
    conditions['mixedBytesRatio'] = result.bytesRatio;
    conditions['mixedSameIncidents'] = result.sameIncidents;
    conditions['mixedIncidents'] = result.incidents;
  }
  if (Object.keys(conditions).length === 0) throw new Error(`No recorded faults and no labelled logs below ${options.data}.`);
  return { figures, conditions };
}

function compare(lines: readonly Line[]): { bytesRatio: number; sameIncidents: number; incidents: number } {
  const coordinator = new Analyzer();
  const whole = new Set<string>();
  const reduced = new Set<string>();
  const onNode = new Analyzer();
  const reducer = new Reducer();
  let allBytes = 0;
  let sentBytes = 0;
  const send = (parts: readonly Reduced[]): void => {
    for (const { header, raw } of parts) {
      const sent = encodeReduced(header, raw);
      sentBytes += Buffer.byteLength(sent);
      const received = decodeReduced(sent.slice(0, -1));
      if (received.kind === 'decoded' && received.header.kind === 'problem') reduced.add(received.header.fingerprint.value);
    }
  };
  for (const [index, line] of lines.entries()) {
    allBytes += Buffer.byteLength(line.text) + 1;
    const seen = coordinator.analyze(line.source, line.text, { service: line.source });
    if (urgencyOf(seen.record, seen.knownProblem) !== 'none') whole.add(seen.fingerprint.value);
    const analysis = onNode.analyze(line.source, line.text, { service: line.source });
    // Without a time of their own the lines stand a tenth of a second apart.
    send(reducer.take(line.source, line.text, analysis, analysis.record.timeMs ?? index * 100, line.source));
  }
  send(reducer.flush());
  const all = whole.union(reduced);
  return {
    bytesRatio: allBytes / sentBytes,
    sameIncidents: all.size === 0 ? 1 : whole.intersection(reduced).size / all.size,
    incidents: all.size,
  };
}
