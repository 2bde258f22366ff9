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
  readonly pipeline: Pick<Pipeline, 'rescan' | 'status'>;
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
        const context = { facts, vitals, health: reporter.health(), sources };
        return { ok: true, message: 'facts, vitals and sources as JSON', payload: Buffer.from(JSON.stringify(context)) };
      }
      case 'rotate-certificate':
        throw new HephaestusError({ code: 'internal', kind: 'system', message: 'certificates are rotated by the session' });
    }
  }

  return { carryOut, configurationState: () => configuration.state(), configure: (offer) => configuration.offer(offer) };
}

function done(message: string): DirectiveOutcome {
  return { ok: true, message, payload: Buffer.alloc(0) };
}

function refused(message: string): DirectiveOutcome {
  return { ok: false, message, payload: Buffer.alloc(0) };
}
