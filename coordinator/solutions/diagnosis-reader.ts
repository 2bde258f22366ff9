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

/**
 * True if most letters are of other scripts than the evidence is written in: a team that writes its code in one language can't judge a
 * diagnosis in another. Languages of the same script are let through.
 */
export function isInAnotherScript({ diagnosis }: ReadDiagnosis, evidence: readonly Evidence[]): boolean {
  return (
    shareOfLatin(`${diagnosis.summary} ${diagnosis.rootCause}`) < 0.5 && shareOfLatin(evidence.map(({ body }) => body).join(' ')) > 0.5
  );
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
