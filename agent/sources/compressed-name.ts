// Which compressed files are read, by their names.
// Must never look at a file; names are all there is to it.

/** `app.log.1` of `app.log.1.gz`; undefined for what isn't compressed in a way that is read. */
export function uncompressedName(name: string): string | undefined {
  return name.length > 3 && name.endsWith('.gz') ? name.slice(0, -3) : undefined;
}
