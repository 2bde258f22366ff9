// The colour of a line of a unified diff, for the CLI and the demo alike.
// Must never lay a diff out or print it.
import type { Colour } from './table.ts';

export function diffColour(line: string): Colour | undefined {
  if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('diff ')) return 'bold';
  if (line.startsWith('@@')) return 'cyan';
  if (line.startsWith('+')) return 'green';
  return line.startsWith('-') ? 'red' : undefined;
}
