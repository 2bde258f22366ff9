// How a repository is declared in the coordinator's configuration, and how that becomes a Repository.
// Must never hold a credential: a declaration names one.
import { z } from 'zod';
import { conventionSettingsSchema } from './convention-settings.ts';
import { isLoopbackHttp } from './git.ts';
import { rungs, type Repository } from './repository.ts';

const command = z.array(z.string().min(1)).min(1).describe('an argument list, run without a shell');

/** One item of the coordinator's `repositories:` list. */
export const repositoryDeclarationSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be letters, digits, dots, dashes and underscores, at most 100'),
  provider: z.enum(['git', 'github', 'gitlab', 'gitea']).optional(),
  url: z.string().min(1).superRefine(checkUrl),
  defaultBranch: z.string().min(1).optional(),
  mode: z.enum(['observe', 'suggest', 'deploy']).default('suggest'),
  gate: z.enum(rungs).default('tests'),
  services: z.array(z.string().min(1)).default([]),
  allowedPaths: z.array(z.string().min(1)).default([]),
  commands: z
    .strictObject({ setup: command.optional(), build: command.optional(), test: command.optional(), reproduce: command.optional() })
    .default({}),
  /** People who have to approve what waits for approval. */
  approvals: z.number().int().min(1).max(2).default(1),
  /** `local`: only models on this host, or marked in-house, may see its code and logs. */
  models: z.enum(['any', 'local']).default('any'),
  credential: z.string().min(1).optional(),
  conventions: conventionSettingsSchema.prefault({}),
  /** Name of the secret that webhooks of its forge are proven with. */
  webhookSecret: z.string().min(1).optional(),
  clone: z.enum(['full', 'partial', 'shallow']).default('full'),
});

export type RepositoryDeclaration = z.output<typeof repositoryDeclarationSchema>;

/** The whole list: names are unique. */
export const repositoryDeclarationsSchema = z.array(repositoryDeclarationSchema).superRefine((declarations, context) => {
  const seen = new Set<string>();
  for (const [index, { name }] of declarations.entries()) {
    if (seen.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message: `is used twice ('${name}'); names are unique` });
    seen.add(name);
  }
});

/** A declaration as a repository that nothing is known of yet. */
export function declaredRepository(declaration: RepositoryDeclaration, id: string): Repository {
  const { commands } = declaration;
  return {
    id,
    name: declaration.name,
    provider: declaration.provider ?? providerOf(declaration.url),
    url: declaration.url,
    defaultBranch: declaration.defaultBranch,
    mode: declaration.mode,
    gate: declaration.gate,
    services: declaration.services,
    allowedPaths: declaration.allowedPaths,
    commands: { setup: commands.setup, build: commands.build, test: commands.test, reproduce: commands.reproduce },
    approvals: declaration.approvals,
    models: declaration.models,
    credential: declaration.credential,
    conventions: declaration.conventions,
    webhookSecret: declaration.webhookSecret,
    clone: declaration.clone,
    lastFetchedAtMs: undefined,
    lastError: undefined,
  };
}

/** The well-known hosts are known by name; anything else is plain git unless the declaration says more. */
export function providerOf(url: string): Repository['provider'] {
  const host = URL.canParse(url) ? new URL(url).hostname : /^(?:[^@/]+@)?([^:/]+):/.exec(url)?.[1];
  if (host === 'github.com') return 'github';
  if (host === 'gitlab.com') return 'gitlab';
  if (host === 'codeberg.org' || host === 'gitea.com') return 'gitea';
  return 'git';
}

/** What is wrong with a repository's URL and what to do, or undefined. */
export function explainRepositoryUrl(url: string): string | undefined {
  if (url.startsWith('-')) return 'begins with a dash; give a URL or an absolute path';
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f]/.test(url)) return 'holds control characters';
  if (url.startsWith('/')) return undefined;
  if (/\s/.test(url)) return 'holds blanks; write them as %20';
  // host:path, as ssh writes it
  if (/^(?:[\w.-]+@)?[\w.-]+:(?!\/\/)[^:]/.test(url)) return undefined;
  if (!URL.canParse(url)) return 'is neither a URL (https, ssh, file) nor an absolute path';
  const { protocol, username, password } = new URL(url);
  if (password !== '' || (username !== '' && protocol !== 'ssh:'))
    return 'holds a credential; name one with `credential:` and give its value as a secret';
  if (protocol === 'http:' && !isLoopbackHttp(url)) return 'is unencrypted http; use https';
  if (!['https:', 'http:', 'ssh:', 'file:'].includes(protocol))
    return `has the protocol ${protocol.slice(0, -1)}; use https, ssh or a path`;
  return undefined;
}

function checkUrl(url: string, context: z.RefinementCtx): void {
  const problem = explainRepositoryUrl(url);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}
