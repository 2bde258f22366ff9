// The mark in what we write at a forge by which we find it again: a comment that its readers don't see.
// Must never depend on a search index of the forge.

/** What is marked; `key` is ours (an incident's id, a step's name). */
export type MarkKind = 'issue' | 'comment';

export function withMark(body: string, kind: MarkKind, key: string): string {
  return `${body.trimEnd()}\n\n${markOf(kind, key)}\n`;
}

export function hasMark(body: string | undefined, kind: MarkKind, key: string): boolean {
  return body?.includes(markOf(kind, key)) ?? false;
}

function markOf(kind: MarkKind, key: string): string {
  // `--` would end the comment.
  return `<!-- hephaestus:${kind}=${encodeURIComponent(key).replaceAll('-', '%2D')} -->`;
}

/** Whether we wrote it, whatever its kind. */
export function isMarked(body: string): boolean {
  return body.includes('<!-- hephaestus:');
}
