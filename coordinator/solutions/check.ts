// A command that proves something about a change, and where in the repository it runs.
// Must never be made of a model's words.

export interface Check {
  readonly command: readonly string[];
  /** For people: where the command comes from. */
  readonly origin: string;
  /** Where it runs, relative to the repository; its root where that is left out. */
  readonly folder?: string | undefined;
}

/** As it is run from the repository's root. */
export function commandLine({ command, folder }: Check): readonly string[] {
  return folder === undefined ? command : ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...command];
}

/** For people. */
export function describeCommand({ command, folder }: Check): string {
  return folder === undefined ? command.join(' ') : `cd ${folder} && ${command.join(' ')}`;
}
