// Makes description.json from GitHub's published API description: the operations that the adapter uses, without words and examples.
// Must never change what an operation takes or answers. Usage: node test/support/github-api/prune.ts api.github.com.json VERSION
// (the file is of the package @octokit/openapi, 29 MB packed, which is why it is no dependency; MIT, Copyright (c) 2020 Octokit contributors).
import { readFileSync, writeFileSync } from 'node:fs';

type Json = Record<string, unknown>;

const operations: Readonly<Record<string, readonly string[]>> = {
  '/app/installations/{installation_id}/access_tokens': ['post'],
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/installation': ['get'],
  '/repos/{owner}/{repo}/contents/{path}': ['get'],
  '/repos/{owner}/{repo}/git/blobs': ['post'],
  '/repos/{owner}/{repo}/git/blobs/{file_sha}': ['get'],
  '/repos/{owner}/{repo}/git/commits': ['post'],
  '/repos/{owner}/{repo}/git/refs': ['post'],
  '/repos/{owner}/{repo}/git/trees': ['post'],
  '/repos/{owner}/{repo}/pulls': ['get', 'post'],
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['get', 'patch'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/comments': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/reviews': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers': ['post'],
  '/repos/{owner}/{repo}/issues': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/{issue_number}': ['get'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/labels': ['post'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['patch'],
  '/repos/{owner}/{repo}/commits/{ref}/check-runs': ['get'],
  '/repos/{owner}/{repo}/commits/{ref}/status': ['get'],
  '/repos/{owner}/{repo}/rules/branches/{branch}': ['get'],
};

const words = new Set([
  'description',
  'summary',
  'example',
  'examples',
  'externalDocs',
  'x-github',
  'x-multi-segment',
  'tags',
  'headers',
  'title',
]);

function bare(value: unknown, isSchemaMap = false): unknown {
  if (Array.isArray(value)) return value.map((one) => bare(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (!isSchemaMap && words.has(name) ? [] : [[name, bare(part, name === 'properties')]])),
  );
}

const [file = '', version = ''] = process.argv.slice(2);
const whole = JSON.parse(readFileSync(file, 'utf8')) as { paths: Record<string, Json>; components: Record<string, Json> };
const paths: Record<string, Json> = {};
for (const [path, methods] of Object.entries(operations)) {
  const kept = methods.map((method): [string, unknown] => [method, whole.paths[path]?.[method]]);
  for (const [method, operation] of kept) if (operation === undefined) throw new Error(`there is no ${method} ${path}`);
  paths[path] = bare(Object.fromEntries(kept)) as Json;
}
const components: Record<string, Json> = {};
const pending: unknown[] = [paths];
while (pending.length > 0) {
  for (const [, kind = '', name = ''] of JSON.stringify(pending.pop()).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    const known = (components[kind] ??= {});
    if (name in known) continue;
    known[name] = bare(whole.components[kind]?.[name]);
    pending.push(known[name]);
  }
}
const info = {
  title: `GitHub's REST API, of @octokit/openapi ${version}: the operations used here, pruned`,
  version,
  license: { name: 'MIT' },
};
writeFileSync(new URL('description.json', import.meta.url), `${JSON.stringify({ openapi: '3.0.3', info, paths, components })}\n`);
