// The edits in a model's answer, whichever of the known ways it wrote them in.
// Must never invent one: an answer that can't be read is refused with what to write instead.
import { z } from 'zod';
import { readSearchBlocks, readWholeBlocks } from './block-reader.ts';
import { readDiff } from './diff-reader.ts';
import { refuse, type Edit, type Refusal } from './edit.ts';
import { readLenientJson } from './lenient-json.ts';
import { withoutThoughts } from './thoughts.ts';

export type ResponseReading = { readonly kind: 'edits'; readonly edits: readonly Edit[] } | Refusal;

const brokenJson = 'the JSON answer is cut off or broken; write it out in full';

const editSchema = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('replace'),
    path: z.string(),
    search: z.string(),
    replace: z.string(),
    line_hint: z.number().int().optional(),
    expected_count: z.number().int().optional(),
  }),
  z.object({ op: z.literal('replace_file'), path: z.string(), content: z.string() }),
  z.object({ op: z.literal('replace_function'), path: z.string(), name: z.string(), content: z.string() }),
  z.object({ op: z.literal('create'), path: z.string(), content: z.string() }),
  z.object({ op: z.literal('delete'), path: z.string() }),
  z.object({ op: z.literal('rename'), path: z.string(), new_path: z.string() }),
]);

/** Edits as JSON objects, such as an answer's `edits`. */
export function readEditObjects(values: readonly unknown[]): ResponseReading {
  const edits: Edit[] = [];
  for (const value of values) {
    const given =
      typeof value === 'object' && value !== null && !('op' in value) && 'search' in value ? { ...value, op: 'replace' } : value;
    const parsed = editSchema.safeParse(given);
    if (!parsed.success) return refuseObject(given);
    edits.push(toEdit(parsed.data));
  }
  return { kind: 'edits', edits };
}

/** @param answer all that the model wrote */
export function readResponse(answer: string): ResponseReading {
  const text = withoutThoughts(answer);
  if (text === undefined) return refuse('unparseable_response', undefined, 'the answer ends before its thoughts do; answer shorter');
  const blocks = readSearchBlocks(text);
  if (blocks?.kind === 'edits') return blocks;
  if (blocks?.kind === 'broken') return refuse('unparseable_response', undefined, blocks.why);
  const fromJson = readJsonAnswer(text);
  if (fromJson !== undefined) return fromJson;
  const diff = readDiff(text);
  if (diff !== undefined) return { kind: 'edits', edits: diff };
  const whole = readWholeBlocks(text);
  if (whole?.kind === 'edits') return whole;
  return refuse(
    'unparseable_response',
    undefined,
    whole?.why ?? 'the answer has no edits that can be read; write the path on a line of its own and a SEARCH/REPLACE block after it',
  );
}

function readJsonAnswer(text: string): ResponseReading | undefined {
  const looksLikeJson = /^\s*(?:`{3,}\w*\s*)?[{[]/.test(text) || /"edits"\s*:/.test(text);
  if (!looksLikeJson) return undefined;
  // A list of edits: all of it, or nothing.
  if (/^\s*(?:`{3,}\w*\s*)?\[\s*\{/.test(text)) {
    const list = readLenientJson(text, '[');
    return Array.isArray(list) ? readEditObjects(list) : refuse('unparseable_response', undefined, brokenJson);
  }
  const parsed = readLenientJson(text);
  if (typeof parsed === 'object' && parsed !== null && 'edits' in parsed && Array.isArray(parsed.edits))
    return readEditObjects(parsed.edits);
  if (typeof parsed === 'object' && parsed !== null && ('op' in parsed || ('path' in parsed && 'search' in parsed)))
    return readEditObjects([parsed]);
  return /"edits"\s*:/.test(text) ? refuse('unparseable_response', undefined, brokenJson) : undefined;
}

function toEdit(data: z.output<typeof editSchema>): Edit {
  if (data.op === 'replace') {
    const { op, path, search, replace, line_hint: lineHint, expected_count: expectedCount } = data;
    return { op, path, search, replace, lineHint, expectedCount };
  }
  return data.op === 'rename' ? { op: 'rename', path: data.path, newPath: data.new_path } : data;
}

const knownOps = new Set(['replace', 'replace_file', 'replace_function', 'create', 'delete', 'rename']);

function refuseObject(value: unknown): Refusal {
  const op = typeof value === 'object' && value !== null && 'op' in value ? String(value.op) : '';
  if (op === 'symlink') return refuse('symlink', undefined, 'symbolic links are never made');
  if (op === 'submodule') return refuse('submodule', undefined, 'submodules are never added');
  if (op !== '' && !knownOps.has(op))
    return refuse('unknown_op', undefined, `there is no operation ${JSON.stringify(op)}; use ${[...knownOps].join(', ')}`);
  return refuse('unparseable_response', undefined, 'an edit lacks a field that its operation needs');
}
