// The agent as its package would run it: bundled, behind the launcher with the runtime's settings.
// Must never differ from what is packaged; product.ts and package-tree.ts decide that.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from '../../packaging/bundles.ts';
import { launcher } from '../../packaging/package-tree.ts';
import { agent } from '../../packaging/product.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface PackagedAgent extends Disposable {
  /** Takes the agent's words. */
  readonly program: string;
}

export async function packageAgent(): Promise<PackagedAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'hephaestus-packaged-'));
  await bundlePrograms(root, agent, folder);
  const program = join(folder, 'hephaestus-agent');
  const packaged = agent.programs.find(({ command }) => command === 'hephaestus-agent');
  if (packaged === undefined) throw new Error('the package has no hephaestus-agent');
  writeFileSync(program, launcher(process.execPath, join(folder, packaged.bundle), packaged.runtime), { mode: 0o755 });
  return { program, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
