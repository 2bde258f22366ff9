// Gives what root made in a service's own folder to the user that the folder belongs to.
// Must never follow a symbolic link, nor give anything away outside of that folder.
import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * An administrator runs `enroll`, `init` or `restore` as root; the service, which isn't, must be able to write what they made.
 * Nothing happens for other users, or where the folder is root's own.
 */
export async function giveToOwner(folder: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await lstat(folder);
  if (uid === 0) return;
  await giveAll(folder, uid, gid);
}

async function giveAll(folder: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveAll(path, uid, gid);
    const owner = await lstat(path);
    if (owner.uid !== uid || owner.gid !== gid) await lchown(path, uid, gid);
  }
}
