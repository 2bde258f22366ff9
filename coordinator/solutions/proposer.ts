// Asks the model for a diagnosis and edits, repairs what can't be used, and falls back on the built-in engine.
// Must never hand on an edit that doesn't apply, or hide that a model failed.
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import { estimateTokens } from '../model/model.ts';
import type { ModelService } from '../model/model-service.ts';
import type { PatternEngine } from '../model/pattern-engine.ts';
import type { RepositoryService } from '../repository/repository.ts';
import type { Candidate, Candidates, Exhausted, Feedback, Proposer } from './candidate.ts';
import { buildContext } from './context.ts';
import { readDiagnosis, type ReadDiagnosis } from './diagnosis-reader.ts';
import { applyEdits } from './edits/apply.ts';
import type { Edit, FileSet } from './edits/edit.ts';
import { readResponse } from './edits/response-reader.ts';
import type { Groundwork } from './groundwork.ts';
import { proposeByPattern } from './pattern-proposer.ts';
import { askAgain, askDiagnosis, askEdits, diagnosisSchema, explainFailure, systemPrompt } from './prompt.ts';

export interface ProposerOptions {
  readonly models: ModelService;
  readonly repositoryService: RepositoryService;
  readonly trees: SyntaxTrees;
}

/** Answers that can't be read or applied, and changes that fail the ladder, until the model is given up. */
const mostRepairs = 2;
const mostFailedTrials = 2;
/** Of the prompt's tokens, for the talk that follows the context. */
const shareForTalk = 0.35;

export function createProposer(options: ProposerOptions): Proposer {
  return {
    propose: (groundwork, onProgress, signal) => proposeInTurn(options, groundwork, onProgress, signal),
    usageOf: (incidentId) => options.models.usageOf(incidentId),
  };
}

async function* proposeInTurn(
  options: ProposerOptions,
  groundwork: Groundwork,
  onProgress: (event: string) => void,
  signal: AbortSignal,
): Candidates {
  const { provider } = options.models.status();
  onProgress(`asking ${provider}`);
  const fromModel = yield* new ModelTalk(options, groundwork, onProgress, signal).candidates();
  // A model that says with evidence that no edit helps is believed; patterns would only guess.
  if (fromModel.isSettled) return fromModel.exhausted;
  if (provider !== 'builtin') onProgress('asking builtin');
  const { models, repositoryService } = options;
  const engine: PatternEngine = {
    keysOf: (problem) => models.patternKeys(problem),
    propose: async (problem) => models.proposeByPattern(problem),
  };
  const fromPatterns = yield* proposeByPattern(groundwork, engine, repositoryService);
  const { exhausted } = fromModel;
  if (provider === 'builtin') return fromPatterns;
  return {
    ...fromPatterns,
    reason: `${exhausted.reason} ${fromPatterns.reason}`,
    diagnosis: exhausted.diagnosis ?? fromPatterns.diagnosis,
  };
}

interface TalkEnd {
  readonly exhausted: Exhausted;
  /** True if nobody else needs to be asked. */
  readonly isSettled: boolean;
}

class ModelTalk {
  readonly #options: ProposerOptions;
  readonly #groundwork: Groundwork;
  readonly #onProgress: (event: string) => void;
  readonly #signal: AbortSignal;
  #paths: readonly string[] | undefined;

  constructor(options: ProposerOptions, groundwork: Groundwork, onProgress: (event: string) => void, signal: AbortSignal) {
    this.#options = options;
    this.#groundwork = groundwork;
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  async *candidates(): AsyncGenerator<Candidate, TalkEnd, Feedback> {
    const { models } = this.#options;
    const context = buildContext(this.#groundwork, Math.floor(models.promptTokens() * (1 - shareForTalk)) - estimateTokens(systemPrompt));
    const diagnosed = await this.#diagnose(context.text);
    if (typeof diagnosed === 'string') return this.#end(diagnosed, undefined, false);
    const { diagnosis, wantsEdit, files } = diagnosed;
    this.#onProgress(`diagnosis: ${diagnosis.summary}`);
    if (!wantsEdit) return this.#end('The model found no defect in the code that an edit would fix.', diagnosed, true);
    let question = askEdits(files);
    let repairs = 0;
    for (let failures = 0; failures <= mostFailedTrials;) {
      const outcome = await this.#ask(question, false, undefined);
      if (outcome.kind === 'unavailable') return this.#end(outcome.reason, diagnosed, false);
      const applied = outcome.isCut ? 'the answer was cut off before its end; write a smaller change' : await this.#apply(outcome.text);
      if (typeof applied === 'string') {
        repairs += 1;
        this.#onProgress('the edits could not be applied');
        if (repairs > mostRepairs) return this.#end(`The model's edits could not be applied: ${applied}`, diagnosed, false);
        question = askAgain(applied);
        continue;
      }
      const told = yield { title: diagnosis.summary, provider: outcome.provider, model: outcome.model, diagnosis, ...applied };
      const why = explainFailure(told?.results ?? []);
      if (why === undefined) return this.#end('The model has no other change.', diagnosed, false);
      failures += 1;
      question = askAgain(why);
    }
    return this.#end('The model’s changes failed the checks.', diagnosed, false);
  }

  /** The diagnosis, or why there is none. */
  async #diagnose(context: string): Promise<ReadDiagnosis | string> {
    let question = askDiagnosis(context);
    let isFirst = true;
    for (let count = 0; count <= mostRepairs; count += 1) {
      const outcome = await this.#ask(question, isFirst, diagnosisSchema);
      if (outcome.kind === 'unavailable') return outcome.reason;
      const read = outcome.isCut ? undefined : readDiagnosis(outcome.text, this.#groundwork.evidence);
      if (read !== undefined) return read;
      isFirst = false;
      question = `That was no JSON of the shape that was asked for${outcome.isCut ? ' (it was cut off; be brief)' : ''}. Answer again with the JSON object alone.`;
    }
    return 'The model gave no usable diagnosis.';
  }

  #ask(prompt: string, fresh: boolean, schema: typeof diagnosisSchema | undefined): ReturnType<ModelService['generateSolutionProposal']> {
    return this.#options.models.generateSolutionProposal(
      this.#groundwork.problem.incident.id,
      { system: systemPrompt, prompt, schema, fresh },
      this.#signal,
    );
  }

  /** The changed files with the rungs that were climbed, or why the answer can't be used. */
  async #apply(text: string): Promise<Pick<Candidate, 'files' | 'rungs'> | string> {
    const reading = readResponse(text);
    if (reading.kind === 'refused') return `${reading.reason}: ${reading.message}`;
    const files = await this.#fileSet(reading.edits);
    const { allowedPaths } = this.#groundwork.repository;
    const outcome = await applyEdits(files, reading.edits, { allowedPaths, trees: this.#options.trees });
    if (outcome.kind === 'refused')
      return `${outcome.reason}${outcome.path === undefined ? '' : ` in ${outcome.path}`}: ${outcome.message}`;
    const base = { outcome: 'passed' as const, command: '', exitStatus: undefined, durationMs: 0 };
    return {
      files: outcome.files,
      rungs: [
        { ...base, rung: 'parsed', output: `${reading.edits.length} edit(s)` },
        { ...base, rung: 'applied', output: Object.keys(outcome.files).join(', ') },
      ],
    };
  }

  /** All paths of the base revision, with the contents of those that an edit may mean. */
  async #fileSet(edits: readonly Edit[]): Promise<FileSet> {
    const { repositoryService } = this.#options;
    const { repository, baseCommit, files: known } = this.#groundwork;
    this.#paths ??= await repositoryService.listFiles(repository, baseCommit);
    const names = new Set(
      edits.map(
        ({ path }) =>
          path
            .split('/')
            .at(-1)
            ?.replaceAll(/[`*"']/g, '') ?? path,
      ),
    );
    const contents = new Map<string, string | Uint8Array>(known);
    for (const path of this.#paths.filter((one) => names.has(one.split('/').at(-1) ?? one)).slice(0, 50)) {
      if (contents.has(path)) continue;
      const content = await repositoryService.getFileContents(repository, path, baseCommit);
      if (content !== undefined) contents.set(path, content);
    }
    // Links are no regular files: the Repository Service has no contents for them, and writeToTree refuses them once more.
    return { paths: new Set(this.#paths), links: new Set(), read: (path) => contents.get(path) };
  }

  #end(reason: string, read: ReadDiagnosis | undefined, isSettled: boolean): TalkEnd {
    const { provider, model } = this.#options.models.status();
    return { exhausted: { reason, diagnosis: read?.diagnosis, provider, model }, isSettled };
  }
}
