// Judges requests and answers by GitHub's own description of its API (description.json, made by prune.ts).
// Must never ask for members in answers: a stand-in leaves out what nobody reads, but what it has must be of the described shape.
import { readFileSync } from 'node:fs';
import { OpenAPIBackend } from 'openapi-backend';

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface GitHubDescription {
  /** Undefined if there is no such operation. */
  readonly problemsOfRequest: (call: ApiCall) => readonly string[] | undefined;
  readonly problemsOfAnswer: (call: ApiCall, status: number, body: unknown) => readonly string[];
}

let opening: Promise<GitHubDescription> | undefined;

/** Read once a process. */
export async function openGitHubDescription(): Promise<GitHubDescription> {
  return (opening ??= open());
}

async function open(): Promise<GitHubDescription> {
  const text = readFileSync(new URL('description.json', import.meta.url), 'utf8');
  const [requests, answers] = await Promise.all([load(shaped(JSON.parse(text), true)), load(shaped(JSON.parse(text), false))]);
  const find = ({ method, path }: ApiCall) => requests.matchOperation({ method, path, headers: {} });
  return {
    problemsOfRequest(call) {
      const operation = find(call);
      if (operation === undefined) return undefined;
      const { method, path, query, body } = call;
      const headers = { 'content-type': 'application/json' };
      const { errors } = requests.validateRequest({ method, path, query: numbered(query), body: body as object, headers }, operation);
      return explain(errors);
    },
    problemsOfAnswer(call, status, body) {
      const operation = find(call);
      return operation === undefined || status >= 300 ? [] : explain(answers.validateResponse(body, operation, status).errors);
    },
  };
}

async function load(definition: unknown): Promise<OpenAPIBackend> {
  const backend = new OpenAPIBackend({
    definition: definition as never,
    quick: true,
    validate: true,
    ajvOpts: { strict: false, logger: false },
  });
  await backend.init();
  return backend;
}

/** A query is text; the description says where it means a number. */
function numbered(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, (/^\d+$/.test(value) ? Number(value) : value) as string]));
}

function explain(errors: readonly { readonly instancePath: string; readonly message?: string | undefined }[] | null | undefined): string[] {
  return (errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`.trim());
}

/** As the validator takes it: what may be null becomes a choice; without `required` where answers are judged. */
function shaped(value: unknown, isRequest: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => shaped(one, isRequest));
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Record<string, unknown>;
  const kept = Object.fromEntries(
    Object.entries(rest).flatMap(([name, part]) =>
      name === 'required' && Array.isArray(part) && !isRequest ? [] : [[name, shaped(part, isRequest)]],
    ),
  );
  if (nullable === undefined) return kept;
  return { anyOf: [kept, { type: 'null' }] };
}
