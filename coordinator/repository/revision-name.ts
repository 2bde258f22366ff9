// What a repository may know a revision by that a deployment or a log names.
// Must never ask the repository.

const shape = /^[A-Za-z0-9][A-Za-z0-9._+@/:-]{0,199}$/;

/** The likeliest first: `shop@1.4.2+build.7` may be the tag `v1.4.2`. */
export function revisionNames(stated: string): readonly string[] {
  if (!shape.test(stated)) return [];
  const bare = stated.slice(Math.max(stated.lastIndexOf('@'), stated.lastIndexOf(':')) + 1);
  const release = bare.split('+', 1)[0] ?? '';
  // git describe: tag, commits since, hash.
  const described = /-g([0-9a-f]{7,40})$/.exec(release)?.[1];
  const names = [stated, bare, release].flatMap((name) => (/^\d/.test(name) ? [`v${name}`, name] : [name]));
  // A short number is a tag or a counter, hardly ever the beginning of a hash.
  return [...new Set([...(described === undefined ? [] : [described]), ...names])].filter((name) => name !== '' && !/^\d{1,6}$/.test(name));
}
