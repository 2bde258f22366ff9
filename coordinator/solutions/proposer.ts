// Who is asked for a fix: the models in the order of their route, one after the other, then the built-in engine.
// Must never hand on an edit that doesn't apply, or hide that a model failed.
import type { PatternEngine } from '../model/pattern-engine.ts';
import type { Candidates, Exhausted, Proposer } from './candidate.ts';
import { findLocalOnly, type LocalOnly } from './confidentiality.ts';
import { judgeDifficulty } from './difficulty.ts';
import type { Groundwork } from './groundwork.ts';
import { ModelTalk, type TalkParts } from './model-talk.ts';
import { builtinName, proposeByPattern } from './pattern-proposer.ts';

export interface ProposerOptions extends TalkParts {
  readonly localOnly: LocalOnly;
}

export function createProposer(options: ProposerOptions): Proposer {
  return {
    propose: (groundwork, onProgress, signal) => proposeInTurn(options, groundwork, onProgress, signal),
    usageOf: (incidentId) => options.models.usageOf(incidentId),
    choicesOf: (incidentId) => options.models.choicesOf(incidentId),
  };
}

async function* proposeInTurn(
  options: ProposerOptions,
  groundwork: Groundwork,
  onProgress: (event: string) => void,
  signal: AbortSignal,
): Candidates {
  const { models, repositoryService } = options;
  const { incident } = groundwork.problem;
  const route = models.beginProposal(incident.id, {
    localOnly: findLocalOnly(groundwork, options.localOnly),
    difficulty: judgeDifficulty(groundwork),
  });
  const failures: Exhausted[] = [];
  for (const name of route) {
    onProgress(`asking ${name}`);
    const to = { incidentId: incident.id, repository: groundwork.repository.name, model: name };
    const end = yield* new ModelTalk({ ...options, to, groundwork, onProgress, signal }).candidates();
    // A model that says with evidence that no edit helps is believed; patterns would only guess.
    if (end.isSettled) return end.exhausted;
    if (end.hasHeld === true) break;
    models.judge(to, 'failed', end.exhausted.reason);
    failures.push(end.exhausted);
  }
  for (const { name, verdict, reason } of models.choicesOf(incident.id))
    if (verdict === 'refused') onProgress(`${name} was not asked: ${reason}`);
  onProgress(`asking ${builtinName}`);
  const engine: PatternEngine = {
    keysOf: (problem) => models.patternKeys(problem),
    propose: async (problem) => models.proposeByPattern(problem),
  };
  const fromPatterns = yield* proposeByPattern(groundwork, engine, repositoryService);
  const told = failures.find(({ diagnosis }) => diagnosis !== undefined);
  return {
    ...fromPatterns,
    ...(told === undefined ? {} : { diagnosis: told.diagnosis }),
    reason: [...failures.map(({ reason }) => reason), fromPatterns.reason].map(sentence).join(' '),
  };
}

/** What a server said may end without a full stop. */
function sentence(text: string): string {
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}
