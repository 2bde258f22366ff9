// What a reasoning model writes before its answer, told apart from the answer.
// Must never take away anything but what stands before the answer: code may hold such a tag.

/**
 * The answer without what was thought aloud before it. Some servers hand thoughts over in the answer's own text, within `<think>` tags;
 * the templates of some models begin the thought themselves, so that only its end is in the text.
 */
export function withoutThoughts(text: string): string {
  const begun = /^\s*<(think|thinking|reasoning)>/.exec(text);
  if (begun !== null) {
    const end = text.indexOf(`</${begun[1]}>`);
    return end === -1 ? '' : text.slice(end + `</${begun[1]}>`.length).trimStart();
  }
  const end = /^\s*<\/think(?:ing)?>[ \t]*$/m.exec(text);
  // Behind an edit or a document it is part of that.
  if (end === null || /^(?:<{5,} ?SEARCH|\{|```)/m.test(text.slice(0, end.index))) return text;
  return text.slice(end.index + end[0].length).trimStart();
}
