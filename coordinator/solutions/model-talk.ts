// The talk with one model about one problem: look around where it can, diagnose, edit, and repair what can't be used or doesn't hold.
// Must never hand on an edit that doesn't apply, or go on for ever: every kind of failure has its number.
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import { estimateTokens } from '../model/model.ts';
import type { Addressee, Exchange, ExchangeOutcome, ModelService } from '../model/model-service.ts';
import type { RepositoryService } from '../repository/repository.ts';
import type { Candidate, Exhausted, Feedback } from './candidate.ts';
import { applyAnswer } from './answer-edits.ts';
import { buildContext } from './context.ts';
import { isTestPath } from './edits/path-policy.ts';
import { nameTest } from './reproduction/test-name.ts';
import { isInAnotherLanguage, readDiagnosis, type ReadDiagnosis } from './diagnosis-reader.ts';
import type { Groundwork } from './groundwork.ts';
import {
  askAgain,
  askDiagnosis,
  askEdits,
  askOther,
  askTest,
  askToExplore,
  diagnosisSchema,
  explainFailure,
  systemPrompt,
} from './prompt.ts';
import { repositoryTools } from './repository-tools.ts';
import type { TestRun } from './test-run.ts';
import { explore, type ToolLimits } from './tool-loop.ts';

/** What every talk needs. */
export interface TalkParts {
  readonly models: ModelService;
  readonly repositoryService: RepositoryService;
  readonly trees: SyntaxTrees;
  readonly toolLimits: ToolLimits;
  readonly runTests: TestRun;
}

export interface TalkOptions extends TalkParts {
  readonly to: Addressee;
  readonly groundwork: Groundwork;
  readonly onProgress: (event: string) => void;
  readonly signal: AbortSignal;
}

export interface TalkEnd {
  readonly exhausted: Exhausted;
  /** True if nobody else needs to be asked. */
  readonly isSettled: boolean;
  /** A change of this model held, and it has no other. */
  readonly hasHeld?: boolean;
}

/** Answers that can't be read or applied, and changes that fail the ladder, until the model is given up. */
const mostRepairs = 2;
const mostFailedTrials = 2;
/** Prompts that the budget must have room for before another change is asked for. */
const roomForOther = 4;
/** Of the prompt's tokens, for the talk that follows the context. */
const shareForTalk = 0.35;
/** The same where the model looks around and its findings take room as well. */
const shareForExploring = 0.65;
/** Characters of an answer at which its progress is told first; then at each doubling. */
const firstProgress = 1_000;

type Question = Pick<Exchange, 'purpose' | 'schema' | 'fresh'> & { readonly prompt: string };

export class ModelTalk {
  readonly #options: TalkOptions;
  #tools: Exchange['tools'];
  #who = { provider: '', model: '' };

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  async *candidates(): AsyncGenerator<Candidate, TalkEnd, Feedback> {
    const { models, to, signal } = this.#options;
    const opened = await models.open(to, signal);
    if (opened.state === 'failed') return this.#end(opened.reason, undefined, false);
    const begin = async (): Promise<ReadDiagnosis | string> =>
      opened.mode === 'tools' ? this.#exploreAndDiagnose() : this.#diagnose(askDiagnosis(this.#context(shareForTalk)), true);
    const room = models.promptTokens(to.model);
    let diagnosed = await begin();
    // Its context turned out smaller than its server said.
    if (typeof diagnosed === 'string' && models.promptTokens(to.model) < room) diagnosed = await begin();
    if (typeof diagnosed === 'string') return this.#end(diagnosed, undefined, false);
    const { diagnosis, wantsEdit, files } = diagnosed;
    this.#options.onProgress(`diagnosis: ${diagnosis.summary}`);
    if (!wantsEdit) return this.#end('The model found no defect in the code that an edit would fix.', diagnosed, true);
    let question: Question = { prompt: askEdits(files), purpose: 'edit', schema: undefined, fresh: false };
    let repairs = 0;
    let failures = 0;
    while (failures <= mostFailedTrials) {
      const outcome = await this.#ask(question);
      if (outcome.kind === 'unavailable') return this.#end(outcome.reason, diagnosed, false);
      const applied = outcome.isCut ? 'the answer was cut off before its end; write a smaller change' : await this.#apply(outcome.text);
      if (typeof applied === 'string') {
        repairs += 1;
        this.#options.onProgress('the edits could not be applied');
        if (repairs > mostRepairs) return this.#end(`${to.model}: its edits could not be applied: ${applied}`, diagnosed, false);
        question = { ...question, prompt: askAgain(applied), purpose: 'repair' };
        continue;
      }
      const { provider, model } = outcome;
      const candidate: Candidate = { title: diagnosis.summary, provider, model, diagnosis, ...applied };
      let told = yield candidate;
      while (told?.wantsTest !== undefined) {
        const test = await this.#writeTest(told.wantsTest, Object.keys(applied.files));
        if (test === undefined) return this.#end(`${to.model} wrote no test for its change.`, diagnosed, true);
        told = yield { ...candidate, test };
      }
      if (told?.wantsOther === true) return yield* this.#offerOther(diagnosis, diagnosed);
      const why = explainFailure(told?.results ?? []);
      if (why === undefined) return this.#end(`${to.model} has no other change.`, diagnosed, false);
      failures += 1;
      question = { ...question, prompt: askAgain(why), purpose: 'repair' };
    }
    return this.#end(`${to.model}: its changes failed the checks.`, diagnosed, false);
  }

  /** One more change beside one that holds, where the budget has room for it. */
  async *#offerOther(diagnosis: Candidate['diagnosis'], read: ReadDiagnosis): AsyncGenerator<Candidate, TalkEnd, Feedback> {
    const { models, to } = this.#options;
    const end = { ...this.#end(`${to.model} has no other change.`, read, false), hasHeld: true };
    if ((await models.tokensLeft(to)) < models.promptTokens(to.model) * roomForOther) return end;
    const outcome = await this.#ask({ prompt: askOther(), purpose: 'edit', schema: undefined, fresh: false });
    const applied = outcome.kind === 'unavailable' || outcome.isCut ? '' : await this.#apply(outcome.text);
    if (outcome.kind === 'unavailable' || typeof applied === 'string') return end;
    yield { title: diagnosis.summary, provider: outcome.provider, model: outcome.model, diagnosis, ...applied };
    return end;
  }

  #context(share: number): string {
    const room = this.#options.models.promptTokens(this.#options.to.model);
    return buildContext(this.#options.groundwork, Math.floor(room * (1 - share)) - estimateTokens(systemPrompt)).text;
  }

  /** Lets the model look around, then asks what it found. */
  async #exploreAndDiagnose(): Promise<ReadDiagnosis | string> {
    const { models, to, groundwork, repositoryService, trees, runTests, toolLimits, onProgress, signal } = this.#options;
    const toolbox = repositoryTools({ groundwork, service: repositoryService, trees, runTests, signal });
    this.#tools = { definitions: toolbox.definitions, mayCall: true };
    const ended = await explore({
      ask: (say, isFirst) => this.#exchange({ say, purpose: 'explore', schema: undefined, fresh: isFirst }),
      begin: askToExplore(this.#context(shareForExploring)),
      toolbox,
      limits: toolLimits,
      roomTokens: models.promptTokens(to.model),
      tokensLeft: () => models.tokensLeft(to),
      onProgress,
    });
    this.#tools = { definitions: toolbox.definitions, mayCall: false };
    return ended.kind === 'unavailable' ? ended.reason : this.#diagnose(askDiagnosis(''), false);
  }

  /** The diagnosis, or why there is none. */
  async #diagnose(prompt: string, fresh: boolean): Promise<ReadDiagnosis | string> {
    let question: Question = { prompt, purpose: 'diagnose', schema: diagnosisSchema, fresh };
    for (let count = 0; count <= mostRepairs; count += 1) {
      const outcome = await this.#ask(question);
      if (outcome.kind === 'unavailable') return outcome.reason;
      const read = outcome.isCut ? undefined : readDiagnosis(outcome.text, this.#options.groundwork.evidence);
      const isForeign = read !== undefined && isInAnotherLanguage(read, this.#options.groundwork.evidence);
      if (read !== undefined && !isForeign) return read;
      const wrong = isForeign ? 'That was not in English' : 'That was no JSON of the shape that was asked for';
      const again = `${wrong}${outcome.isCut ? ' (it was cut off; be brief)' : ''}. Answer again, in English, with the JSON object alone.`;
      question = { ...question, prompt: again, fresh: false };
    }
    return `${this.#options.to.model} gave no usable diagnosis.`;
  }

  async #ask({ prompt, ...question }: Question): Promise<ExchangeOutcome> {
    return this.#exchange({ ...question, say: [{ role: 'user', content: prompt }] });
  }

  async #exchange(exchange: Omit<Exchange, 'system' | 'tools' | 'onProgress'>): Promise<ExchangeOutcome> {
    const { models, to, onProgress, signal } = this.#options;
    let next = firstProgress;
    const outcome = await models.generateSolutionProposal(
      to,
      {
        ...exchange,
        system: systemPrompt,
        tools: this.#tools,
        onProgress: (characters) => {
          if (characters < next) return;
          next = characters * 2;
          onProgress(`${to.model} has written ${characters} characters`);
        },
      },
      signal,
    );
    if (outcome.kind === 'answered') this.#who = { provider: outcome.provider, model: outcome.model };
    return outcome;
  }

  /** The changed files with the rungs that were climbed, or why the answer can't be used. */
  async #apply(text: string): Promise<Pick<Candidate, 'files' | 'rungs'> | string> {
    const { groundwork, repositoryService, trees } = this.#options;
    const outcome = await applyAnswer(text, { groundwork, service: repositoryService, trees });
    if (outcome.kind === 'refused') return outcome.reason;
    const base = { outcome: 'passed' as const, command: '', exitStatus: undefined, durationMs: 0 };
    return {
      files: outcome.files,
      rungs: [
        { ...base, rung: 'parsed', output: `${outcome.count} edit(s)` },
        { ...base, rung: 'applied', output: Object.keys(outcome.files).join(', ') },
      ],
    };
  }

  /** A new test file for a change that held; undefined if none can be had. */
  async #writeTest(
    { runner, complaint }: NonNullable<NonNullable<Feedback>['wantsTest']>,
    changed: readonly string[],
  ): Promise<Candidate['test']> {
    const { groundwork, repositoryService, onProgress } = this.#options;
    onProgress('asking for a test that shows the problem');
    const wanted = nameTest(groundwork, runner, changed[0] ?? '');
    const outcome = await this.#ask({ prompt: askTest(runner.name, wanted, complaint), purpose: 'test', schema: undefined, fresh: false });
    if (outcome.kind === 'unavailable' || outcome.isCut) return undefined;
    const applied = await this.#apply(outcome.text);
    if (typeof applied === 'string') return undefined;
    const [[path, text] = ['', null], ...others] = Object.entries(applied.files);
    const isNew = (await repositoryService.getFileContents(groundwork.repository, path, groundwork.baseCommit)) === undefined;
    return others.length > 0 || text === null || !isNew || !isTestPath(path) ? undefined : { path, text };
  }

  #end(reason: string, read: ReadDiagnosis | undefined, isSettled: boolean): TalkEnd {
    return { exhausted: { reason, diagnosis: read?.diagnosis, ...this.#who }, isSettled };
  }
}
