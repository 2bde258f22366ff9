// The work of one job: from an incident to a proposal, and from a proposal to what is delivered.
// Must never act outwardly before its state is saved, so that a crash resumes here and repeats nothing.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { SyntaxTrees } from '../../base/syntax-tree.ts';
import type { Incident, IncidentReader, Occurrence } from '../incidents/incident.ts';
import type { Repository, RepositoryService, RepositoryStore } from '../repository/repository.ts';
import type { Proposer } from './candidate.ts';
import type { EarlierFixParts } from './earlier-fix.ts';
import { findConcerns } from './edits/concerns.ts';
import { diffFiles } from './edits/unified-diff.ts';
import { findElsewhere, findRewrite, needsAnotherLook, type Elsewhere } from './elsewhere.ts';
import { judgeGate, reportSoFar, tellRung } from './gate.ts';
import { evidenceAlone, layGroundwork, readBase, type Groundwork, type GroundworkParts } from './groundwork.ts';
import { explainEnd, explainUnfiled, findSubject } from './job-failure.ts';
import type { Job, JobQueue } from './job-queue.ts';
import { beginProposal, endOfIdFor, withoutChange } from './new-proposal.ts';
import { loadSolution, type KnownSolution } from './known-solution.ts';
import { whyUnseen } from './pattern-proposer.ts';
import type { ProposalStore, SolutionProposal } from './proposal.ts';
import type { ProposalEvents } from './proposal-events.ts';
import { findSettled, isUnfinished, transition, type ProposalEvent } from './proposal-states.ts';
import { candidateOf, withProof } from './proven-proposal.ts';
import { publishDiagnosis, publishProposal, type Publishing } from './publisher.ts';
import { explainNoRepository, findRepository } from './responsibility.ts';
import { tryCandidates, tryFiles, type TrialOptions } from './trials.ts';
import type { TestMaker } from './reproduction/test-maker.ts';
import type { Validator } from './validator.ts';

export interface PipelineOptions {
  readonly incidents: IncidentReader;
  readonly proposals: ProposalStore;
  readonly repositories: RepositoryStore;
  readonly repositoryService: RepositoryService;
  readonly remoteOf: Publishing['remoteOf'];
  readonly jobs: JobQueue;
  readonly proposer: Proposer;
  readonly validator: Validator;
  readonly tests: TestMaker;
  readonly trees: SyntaxTrees;
  readonly remind: GroundworkParts['remind'];
  /** What was recorded of deployments; undefined: nothing is. */
  readonly deployments: EarlierFixParts['deployments'];
  readonly events: ProposalEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where commands are found, as in PATH. */
  readonly searchPath: readonly string[];
}

const mostOccurrences = 20;

export class SolutionPipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Does the job to its end. @throws HephaestusError whose `retry` says whether to try again. */
  async run(job: Job, signal: AbortSignal): Promise<void> {
    switch (job.kind) {
      case 'propose':
        return this.#propose(job, signal);
      case 'validate':
        return this.#validate(job.subject, signal);
      case 'publish':
        return this.#publish(job.subject, signal);
      case 'follow':
        throw new TypeError("following is not the pipeline's work");
    }
  }

  /** Records that a job was given up. */
  async giveUp(job: Job, error: HephaestusError): Promise<void> {
    const proposal = await findSubject(this.#options.proposals, job);
    if (proposal === undefined) return;
    const { event, reason } = explainEnd(proposal, error);
    await this.#change(isUnfinished(proposal.state) ? withoutChange(proposal) : proposal, event, reason);
  }

  /** Says why a job waits, in the proposal that people look at. */
  async explainDelay(job: Job, error: HephaestusError): Promise<void> {
    const proposal = await findSubject(this.#options.proposals, job);
    if (proposal !== undefined)
      await this.#save({ ...proposal, stateReason: `waiting to try again: ${error.message}` }, 'waiting to try again');
  }

  async #propose(job: Job, signal: AbortSignal): Promise<void> {
    const { incidents, repositories, proposals } = this.#options;
    const incident = await incidents.getIncident(job.subject);
    if (incident === undefined)
      throw new HephaestusError({ code: 'incident.not-found', kind: 'validation', message: `there is no incident ${job.subject}` });
    const occurrences = await incidents.listOccurrences(incident.id, mostOccurrences);
    const begun = await this.#resume(job, incident);
    if (begun === 'done') return;
    let proposal = await this.#save(
      { ...begun, evidence: begun.evidence.length === 0 ? evidenceAlone(incident, occurrences) : begun.evidence },
      'preparing',
    );
    const repository = findRepository(await repositories.list(), incident.service);
    if (repository === undefined) {
      await this.#change(await this.#change(proposal, 'context-ready', ''), 'no-fix', explainNoRepository(incident.service));
      return;
    }
    proposal = { ...proposal, repositoryId: repository.id };
    const groundwork = await this.#prepare(proposal, repository, incident, occurrences, signal);
    proposal = (await proposals.get(proposal.id)) ?? proposal;
    if (repository.mode === 'observe') {
      await this.#change(proposal, 'no-fix', `Repository ${repository.name} is in mode observe: located, nothing proposed.`);
      return;
    }
    // Reviewers' words are about a change that is under way.
    const elsewhere = proposal.feedback === undefined ? await this.#lookElsewhere(proposal, groundwork, signal) : undefined;
    if (elsewhere === undefined) await this.#solve(proposal, groundwork, signal);
    else await this.#change({ ...proposal, diagnosis: elsewhere.diagnosis }, 'no-fix', elsewhere.reason);
  }

  /** The proposal that this job began before a crash, an unfinished one that an operator asked for, or a new one. */
  async #resume(job: Job, incident: Incident): Promise<SolutionProposal | 'done'> {
    const known = await this.#proposalsOf(incident.id);
    const suffix = endOfIdFor(job.id);
    const mine = known.find(({ id }) => id.endsWith(suffix));
    const begun = mine ?? known.find(({ state }) => isUnfinished(state));
    if (begun === undefined) {
      if (findSettled(known) !== undefined) return 'done';
      return beginProposal(incident.id, this.#options.clock.now(), suffix);
    }
    if (begun.state === 'publishing') await this.#options.jobs.enqueue('publish', begun.id);
    return isUnfinished(begun.state) ? withoutChange(begun) : 'done';
  }

  async #prepare(
    proposal: SolutionProposal,
    repository: Repository,
    incident: Incident,
    occurrences: readonly Occurrence[],
    signal: AbortSignal,
  ): Promise<Groundwork> {
    const progress = (event: string): void => this.#tell(proposal, event);
    const groundwork = await layGroundwork(this.#options, repository, incident, occurrences, progress, signal);
    const { baseCommit, evidence, locations, suspects } = groundwork;
    await this.#change({ ...proposal, baseCommit, evidence, locations, suspectCommits: suspects }, 'context-ready', '');
    return groundwork;
  }

  async #solve(start: SolutionProposal, groundwork: Groundwork, signal: AbortSignal): Promise<void> {
    let proposal = start;
    const { proposer } = this.#options;
    const { repository } = groundwork;
    const candidates = proposer.propose(groundwork, (event) => this.#tell(proposal, event), signal);
    const outcome = await tryCandidates(
      groundwork,
      candidates,
      this.#trialOptions(
        signal,
        async (candidate) => {
          const { provider, model, diagnosis, files } = candidate;
          const diff = diffFiles(await readBase(this.#options.repositoryService, groundwork, Object.keys(files)), files);
          const onTrial = { ...proposal, provider, model, diagnosis, files, diff, validation: undefined };
          proposal = await this.#change(onTrial, 'edits', '', `proposal: ${candidate.title}`);
        },
        async (result) => {
          const climbed = [...(proposal.validation?.rungs ?? []).filter(({ rung }) => rung !== result.rung), result];
          proposal = await this.#save({ ...proposal, validation: reportSoFar(climbed, repository.gate) }, tellRung(result));
        },
      ),
    );
    // What was on trial is kept only where it held.
    const { id } = groundwork.problem.incident;
    proposal = { ...withoutChange(proposal), usage: proposer.usageOf(id), modelChoices: proposer.choicesOf(id) };
    if (outcome.kind === 'already-fixed') {
      const reason = `The reproduction passes on ${groundwork.baseCommit.slice(0, 10)}: it seems fixed there and not deployed yet.`;
      await this.#change(proposal, 'no-fix', reason);
      return;
    }
    if (outcome.kind === 'exhausted') {
      const { exhausted, best } = outcome;
      const failed = best?.results.find((result) => result.outcome === 'failed');
      const detail = failed === undefined ? '' : ` The best one failed at ${failed.rung}: ${failed.output.split('\n', 1)[0] ?? ''}`;
      const diagnosis = exhausted.diagnosis ?? best?.candidate.diagnosis ?? proposal.diagnosis;
      await this.#diagnose(
        {
          ...proposal,
          diagnosis,
          provider: exhausted.provider === '' ? proposal.provider : exhausted.provider,
          model: exhausted.model,
          ...(best === undefined ? {} : { validation: judgeGate(best.results, repository.gate, this.#options.clock.now()) }),
        },
        groundwork,
        'no-fix',
        `${exhausted.reason}${detail}`,
      );
      return;
    }
    await this.#decide(await withProof(this.#options, proposal, groundwork, outcome.tried), groundwork);
  }

  async #decide(proposal: SolutionProposal, groundwork: Groundwork): Promise<void> {
    const { repository } = groundwork;
    const before = await readBase(this.#options.repositoryService, groundwork, Object.keys(proposal.files));
    const concerns = findConcerns(before, proposal.files, proposal.evidence);
    const list = concerns.map(({ reason, message }) => `${message} (${reason})`).join('; ');
    if (concerns.some(({ weight }) => weight === 'block')) {
      await this.#diagnose(proposal, groundwork, 'gate-not-passed', `The change is refused, whatever it proves: ${list}.`);
      return;
    }
    if (repository.mode !== 'deploy') {
      const look = concerns.length === 0 ? '' : ` Look closely: ${list}.`;
      await this.#change(proposal, 'rungs-climbed', `Waits for approval: the repository is in mode suggest.${look}`);
      return;
    }
    if (proposal.validation?.gatePassed !== true) {
      const reason = `The change did not reach ${repository.gate}, which the repository demands before anything is delivered.`;
      await this.#diagnose(proposal, groundwork, 'gate-not-passed', reason);
      return;
    }
    const waits = concerns.length > 0 ? `Waits for approval, because a person should see this first: ${list}.` : whyUnseen(proposal);
    const event = waits === undefined ? 'gate-passed' : 'rungs-climbed';
    const decided = await this.#change(proposal, event, waits ?? `Reached ${repository.gate}.`);
    if (waits === undefined) await this.#options.jobs.enqueue('publish', decided.id);
  }

  /** In mode deploy a diagnosis is delivered as an issue where the remote has them. */
  async #diagnose(proposal: SolutionProposal, { repository, problem }: Groundwork, event: ProposalEvent, reason: string): Promise<void> {
    const saved = await this.#save({ ...proposal, stateReason: reason }, 'no fix');
    // A round that a review caused is answered on its change request.
    if (repository.mode !== 'deploy' || proposal.feedback !== undefined) {
      await this.#change(saved, event, reason);
      return;
    }
    const result = await publishDiagnosis(this.#options.repositoryService, repository, problem.incident, saved).catch(explainUnfiled);
    const delivered = result.kind === 'delivered' ? { ...saved, delivery: result.delivery } : saved;
    await this.#change(delivered, event, result.kind === 'delivered' ? reason : `${reason} ${result.reason}`);
  }

  /** One more climb, for an operator; the state stays. */
  async #validate(id: string, signal: AbortSignal): Promise<void> {
    const { proposal, incident, repository } = await loadSolution(this.#options, id);
    if (Object.keys(proposal.files).length === 0) return;
    const occurrences = await this.#options.incidents.listOccurrences(incident.id, mostOccurrences);
    const groundwork = await layGroundwork(this.#options, repository, incident, occurrences, () => undefined, signal);
    const again = candidateOf(proposal);
    if (again === undefined) return;
    const options = this.#trialOptions(
      signal,
      async () => undefined,
      async (result) => this.#tell(proposal, tellRung(result)),
    );
    const ground = { ...groundwork, baseCommit: proposal.baseCommit ?? groundwork.baseCommit };
    const tried = await tryFiles(ground, again.candidate, options, again.test);
    const proven = await withProof(this.#options, proposal, ground, tried);
    // It may have been followed meanwhile; what was learnt then stays.
    const { followUp, state, stateReason, delivery } = (await this.#options.proposals.get(id)) ?? proposal;
    await this.#save({ ...proven, followUp, state, stateReason, delivery }, 'validated once more');
  }

  async #publish(id: string, signal: AbortSignal): Promise<void> {
    const known = await loadSolution(this.#options, id);
    if (known.proposal.state !== 'publishing') return;
    const rewritten = await findRewrite(this.#options.repositoryService, known.repository, known.proposal, signal);
    const overtaken = rewritten ?? (await this.#lookAgain(known, signal))?.reason;
    if (overtaken !== undefined) await this.#change(known.proposal, 'superseded', overtaken);
    if (rewritten !== undefined) await this.#options.jobs.enqueue('propose', known.incident.id);
    if (overtaken !== undefined) return;
    const { repositoryService: service, remoteOf } = this.#options;
    const about = { ...known, others: await this.#proposalsOf(known.incident.id) };
    const save = async (one: SolutionProposal): Promise<SolutionProposal> => this.#save(one, 'publishing');
    await publishProposal({ service, remoteOf }, about, { save, change: async (...words) => this.#change(...words) });
  }

  /** Before anything is opened: approval may have taken days, in which somebody else was at work. */
  async #lookAgain({ proposal, incident, repository }: KnownSolution, signal: AbortSignal): Promise<Elsewhere | undefined> {
    if (!needsAnotherLook(proposal, this.#options.clock.now())) return undefined;
    const occurrences = await this.#options.incidents.listOccurrences(incident.id, mostOccurrences);
    const groundwork = await layGroundwork(this.#options, repository, incident, occurrences, () => undefined, signal);
    return this.#lookElsewhere(proposal, groundwork, signal);
  }

  async #lookElsewhere(proposal: SolutionProposal, groundwork: Groundwork, signal: AbortSignal): Promise<Elsewhere | undefined> {
    const trial = this.#trialOptions(
      signal,
      async () => undefined,
      async () => undefined,
    );
    return findElsewhere(groundwork, this.#options.deployments, trial, (event) => this.#tell(proposal, event));
  }

  #trialOptions(signal: AbortSignal, onCandidate: TrialOptions['onCandidate'], onRung: TrialOptions['onRung']): TrialOptions {
    const { repositoryService: service, validator, tests, searchPath } = this.#options;
    return { service, validator, tests, searchPath, signal, onCandidate, onRung };
  }

  async #proposalsOf(incidentId: string): Promise<readonly SolutionProposal[]> {
    return this.#options.proposals.list({ incidentId, states: [], limit: 20, after: undefined });
  }

  async #change(proposal: SolutionProposal, event: ProposalEvent, reason: string, news?: string): Promise<SolutionProposal> {
    const next = transition(proposal, event, reason, this.#options.clock.now());
    const { id: solutionId, incidentId, state: to } = next;
    this.#options.logger.info('solution changed', { solutionId, incidentId, from: proposal.state, to, reason });
    return this.#save(next, news ?? next.state);
  }

  async #save(proposal: SolutionProposal, news: string): Promise<SolutionProposal> {
    const saved = { ...proposal, updatedAtMs: this.#options.clock.now() };
    await this.#options.proposals.save(saved);
    this.#tell(saved, news);
    return saved;
  }

  #tell(proposal: SolutionProposal, event: string): void {
    this.#options.events.emit({ proposal, event });
  }
}
