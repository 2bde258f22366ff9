// A model's diagnosis, read strictly: the shape must be right, and claims may cite only evidence that exists.
// Must never take a claim without evidence for more than an opinion.
import { z } from 'zod';
import { readLenientJson } from './edits/lenient-json.ts';
import { plainText } from './output-tail.ts';
import type { Diagnosis, Evidence } from './proposal.ts';

export interface ReadDiagnosis {
  readonly diagnosis: Diagnosis;
  readonly wantsEdit: boolean;
  readonly files: readonly string[];
}

const words = z.string().transform((text) => plainText(text).trim());

const answerSchema = z.object({
  summary: words.pipe(z.string().min(1)),
  rootCause: words.pipe(z.string().min(1)),
  claims: z.array(z.object({ statement: words, evidence: z.array(z.string()).default([]) })).default([]),
  action: z.enum(['edit', 'none']).default('edit'),
  files: z.array(z.string()).default([]),
  risk: words.default(''),
});

/** Words that every sentence of a language has some of (the commonest of each; names and code are no sentences). */
const english = new Set('the of is to and a in that it not when was for by on which this an be are with has as if'.split(' '));
const others = new Set(
  'le la les des une est que qui pas dans pour sur du der die das und ist nicht ein eine den wird mit dem auf el los las del por con una para es se no al da do não uma em os il di che è non un per sono het van een niet wordt met op de och att det som är inte på jest nie się na w z'.split(
    ' ',
  ),
);

/**
 * True if the diagnosis is in a script that the evidence isn't written in, or its sentences are made of another language's words: a team that
 * writes its code in one language can't judge a diagnosis in another.
 */
export function isInAnotherLanguage({ diagnosis }: ReadDiagnosis, evidence: readonly Evidence[]): boolean {
  const said = `${diagnosis.summary} ${diagnosis.rootCause}`;
  if (shareOfLatin(said) < 0.5 && shareOfLatin(evidence.map(({ body }) => body).join(' ')) > 0.5) return true;
  const read =
    said
      .slice(0, 20_000)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  const count = (known: ReadonlySet<string>): number => read.filter((word) => known.has(word)).length;
  // A sentence has a fifth and more of its own; a few words say nothing, and names may look like another language's.
  return read.length >= 8 && count(others) > read.length * 0.12 && count(english) < read.length * 0.06;
}

function shareOfLatin(text: string): number {
  const letters = text.slice(0, 20_000).match(/\p{L}/gu) ?? [];
  const latin = letters.filter((letter) => /\p{Script=Latin}/u.test(letter));
  return letters.length === 0 ? 1 : latin.length / letters.length;
}

/** Undefined if the answer is no diagnosis. */
export function readDiagnosis(text: string, evidence: readonly Evidence[]): ReadDiagnosis | undefined {
  const parsed = answerSchema.safeParse(readLenientJson(text));
  if (!parsed.success) return undefined;
  const { summary, rootCause, claims, action, files, risk } = parsed.data;
  const known = new Set(evidence.map(({ id }) => id));
  const read = claims.slice(0, 12).map(({ statement, evidence: ids }) => ({ statement, evidenceIds: ids.filter((id) => known.has(id)) }));
  const unfounded = read
    .filter(({ evidenceIds }) => evidenceIds.length === 0)
    .map(({ statement }) => `Claimed without evidence: ${statement}`);
  return {
    diagnosis: {
      summary: summary.split('\n', 1)[0]?.slice(0, 120) ?? '',
      rootCause: rootCause.slice(0, 2_000),
      claims: read.filter(({ evidenceIds }) => evidenceIds.length > 0),
      risk: risk.slice(0, 1_000),
      notChecked: unfounded,
    },
    wantsEdit: action === 'edit',
    files: files.slice(0, 8),
  };
}
