// Where a package's own programs are, as its package manager would find them: in its node_modules and those above it.
// Must never leave the repository.

/** The beginning of a shell line. @param folder where the line runs, relative to the repository; undefined is its root */
export function ownPrograms(folder: string | undefined): string {
  const depth = folder === undefined ? 0 : folder.split('/').length;
  const folders = Array.from({ length: depth + 1 }, (_, index) => `$PWD/${'../'.repeat(index)}node_modules/.bin`);
  return `PATH="${folders.join(':')}:$PATH"`;
}
