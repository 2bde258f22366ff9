// Carries out what the coordinator asks: configurations, rescans, log levels, context of a source.
// Must never read a file that no source of this node's configuration reads.
import { HephaestusError } from '../base/errors.ts';
import { logLevels, type Logger } from '../base/logger.ts';
import type { NodeConfiguration } from './node-configuration.ts';
import type { Pipeline } from './pipeline.ts';
import type { Directive, DirectiveHandler, DirectiveOutcome } from './session/directives.ts';
import type { NodeReporter } from './session/node-report.ts';

export interface DirectiveHandlerOptions {
  readonly configuration: NodeConfiguration;
  readonly pipeline: Pick<Pipeline, 'last' | 'rescan' | 'status'>;
  readonly reporter: NodeReporter;
  readonly logger: Logger;
}

export function createDirectiveHandler(options: DirectiveHandlerOptions): DirectiveHandler {
  const { configuration, pipeline, reporter, logger } = options;

  async function carryOut(directive: Directive): Promise<DirectiveOutcome> {
    switch (directive.kind) {
      case 'rescan':
        await pipeline.rescan();
        return done('all sources looked for new, rotated and vanished files');
      case 'set-log-level': {
        const level = logLevels.find((known) => known === directive.level);
        if (level === undefined) return refused(`"${directive.level}" is no log level; there are ${logLevels.join(', ')}`);
        logger.setLevel(level);
        return done(`log level is ${level} until the next configuration or restart`);
      }
      case 'collect-context': {
        const sources = pipeline.status().filter(({ source }) => directive.source === '' || source === directive.source);
        if (directive.source !== '' && sources.length === 0) return refused(`there is no source "${directive.source}" on this node`);
        const [facts, vitals] = await Promise.all([reporter.facts(), reporter.vitals()]);
        const count = Math.min(directive.lines, mostLines);
        const found = directive.source === '' || count === 0 ? undefined : await pipeline.last(directive.source, count);
        const lines = found === undefined ? undefined : lastWithin(found, mostLineBytes);
        const context = { facts, vitals, health: reporter.health(), sources, lines };
        const what = lines === undefined ? 'facts, vitals and sources' : `facts, vitals, the source and its last ${lines.length} records`;
        return { ok: true, message: `${what} as JSON`, payload: Buffer.from(JSON.stringify(context)) };
      }
      case 'rotate-certificate':
        throw new HephaestusError({ code: 'internal', kind: 'system', message: 'certificates are rotated by the session' });
    }
  }

  return { carryOut, configurationState: () => configuration.state(), configure: (offer) => configuration.offer(offer) };
}

/** Of a source, in one answer; an answer travels on the stream that heartbeats travel on. */
const mostLines = 1000;
const mostLineBytes = 256 * 1024;

function lastWithin(lines: readonly string[], mostBytes: number): readonly string[] {
  let bytes = 0;
  const first = lines.findLastIndex((line) => (bytes += Buffer.byteLength(line)) > mostBytes);
  return lines.slice(first + 1);
}

function done(message: string): DirectiveOutcome {
  return { ok: true, message, payload: Buffer.alloc(0) };
}

function refused(message: string): DirectiveOutcome {
  return { ok: false, message, payload: Buffer.alloc(0) };
}
