// The prepositions behind which messages name whom or what they are about.
// Must never grow into a vocabulary of nouns or verbs: those are a program's own.

/** Lower case. */
export const directions: ReadonlySet<string> = new Set(['for', 'from', 'by', 'to', 'on', 'at', 'as', 'with', 'via']);
