// The proposer where no text model is used: patterns only.
// Must never call a model.
import type { PatternEngine } from '../model/pattern-engine.ts';
import { proposeByPattern } from './pattern-proposer.ts';
import type { Proposer } from './candidate.ts';
import { noUsage } from './new-proposal.ts';

export function createBuiltinProposer(engine: PatternEngine): Proposer {
  return {
    propose: (groundwork, onProgress) => {
      onProgress('asking builtin');
      return proposeByPattern(groundwork, engine);
    },
    usageOf: () => noUsage,
  };
}
