// What a model wrote while it thought, before its answer: drafts stand in it that it went on to discard.
// Must never cut text of an answer that merely speaks of such marks.

const opening = /^\s*<(think|thinking|thought|thoughts|reasoning|scratchpad)>/i;

/** The text behind the thoughts; undefined where they never ended, so that there is no answer. */
export function withoutThoughts(text: string): string | undefined {
  const name = opening.exec(text)?.[1];
  if (name === undefined) {
    // Some servers leave the first mark out.
    const end = /^\s*<\/(?:think|thinking|thought|thoughts|reasoning|scratchpad)>\s*$/im.exec(text);
    return end === null ? text : text.slice(end.index + end[0].length);
  }
  const end = text.toLowerCase().indexOf(`</${name.toLowerCase()}>`);
  return end < 0 ? undefined : withoutThoughts(text.slice(end + name.length + 3));
}
