// How a team wants changes of ours to look: templates and habits, with defaults that fit most.
// Must never let a template name a branch that isn't ours.
import { z } from 'zod';

/** What a template may hold between braces. */
export const placeholders = ['incident', 'slug', 'service', 'summary', 'type', 'scope', 'title', 'report'] as const;

/** Parts of the body, each with its heading; empty ones are left out. */
export const bodyParts = ['what', 'evidence', 'cause', 'change', 'proof', 'unchecked', 'reproduce', 'no', 'about'] as const;

const template = (known: readonly string[]) =>
  z
    .string()
    .min(1)
    .max(10_000)
    .superRefine((text, context) => {
      const unknown = [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').filter((name) => !known.includes(name));
      if (unknown.length === 0) return;
      const list = known.map((name) => `{${name}}`).join(' ');
      context.addIssue({ code: 'custom', message: `has {${unknown[0] ?? ''}}, which nothing is put in for; possible: ${list}` });
    });

export const conventionSettingsSchema = z.strictObject({
  branch: template(['incident', 'slug', 'service'])
    .refine((text) => text.startsWith('hephaestus/'), 'must begin with hephaestus/, which marks our branches')
    .refine((text) => text.includes('{incident}'), 'must hold {incident}, so that two problems never share a branch')
    .default('hephaestus/{incident}-{slug}'),
  title: template(['incident', 'service', 'summary', 'type', 'scope']).optional(),
  body: template(bodyParts).optional(),
  commit: template(placeholders).default('{title}\n\n{report}'),
  labels: z.array(template(['service'])).default(['hephaestus']),
  /** Names as the forge has them, `org/team` for teams; `codeowners` stands for who owns the changed files. */
  reviewers: z.array(z.string().min(1)).default(['codeowners']),
  /** `auto`: as the history does. */
  style: z.enum(['auto', 'conventional', 'plain']).default('auto'),
  signOff: z.enum(['auto', 'always', 'never']).default('auto'),
  /** `auto`: made and signed by the forge where it does that (GitHub, for a GitHub App); `push`: by git, unsigned. */
  commits: z.enum(['auto', 'api', 'push']).default('auto'),
  draft: z.boolean().default(true),
  /** When the base moves: `touched` when it changed the same files, `never`. */
  rebase: z.enum(['touched', 'never']).default('touched'),
  /** Rounds of a model that comments of reviewers may cause; 0 answers none. */
  reviewRounds: z.int().min(0).max(20).default(3),
});

export type Conventions = z.output<typeof conventionSettingsSchema>;

export const defaultConventions: Conventions = conventionSettingsSchema.parse({});
