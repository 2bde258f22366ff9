// What people should hear once about a source whose lines are hard to read.
// Must never log or repeat itself: each kind is given once a source, and the caller says it.

/** Why lines are read less well than others. */
export type NoticeKind = 'binary' | 'oversized' | 'format-changed' | 'too-many-templates';

export interface Notice {
  readonly kind: NoticeKind;
  /** What is wrong and what follows from it. */
  readonly message: string;
}

const messages: Readonly<Record<NoticeKind, string>> = {
  binary: 'The source holds binary data; its bytes are kept, but such lines make poor templates.',
  oversized: 'The source has very long lines; all of each is kept, but only its beginning is compared with others.',
  'format-changed': 'The source changed its line format; its header is learnt anew.',
  'too-many-templates': 'The lines of the source differ in nearly every word; the rarest templates are forgotten to bound memory.',
};

/** Characters beyond which a line is called oversized. */
const oversizedChars = 262_144;

/** Sources remembered; beyond, all may be told of again. */
const maxSources = 10_000;

export class NoticeBoard {
  private readonly given = new Map<string, Set<NoticeKind>>();

  /** What is to be said of a record; undefined if nothing, or if it was said before. */
  post(source: string, text: string, state: { readonly formatChanged: boolean; readonly templatesForgotten: boolean }): Notice | undefined {
    const kind = kindOf(text, state);
    if (kind === undefined) return undefined;
    let kinds = this.given.get(source);
    if (kinds?.has(kind) === true) return undefined;
    if (kinds === undefined) {
      if (this.given.size >= maxSources) this.given.clear();
      this.given.set(source, (kinds = new Set()));
    }
    kinds.add(kind);
    return { kind, message: messages[kind] };
  }
}

function kindOf(text: string, state: { readonly formatChanged: boolean; readonly templatesForgotten: boolean }): NoticeKind | undefined {
  if (state.templatesForgotten) return 'too-many-templates';
  if (state.formatChanged) return 'format-changed';
  if (text.length > oversizedChars) return 'oversized';
  // No text of any encoding that the agent decodes holds a NUL.
  return text.includes('\0') ? 'binary' : undefined;
}
