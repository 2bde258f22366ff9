// Creates something at a forge once: look, create, and look again where the answer was lost.
// Must never create a second time by itself.
import { isHephaestusError } from '../../base/errors.ts';

/** @throws the failure of `create` if looking again doesn't show what it should have made. */
export async function createOnce<T extends object>(
  find: () => Promise<T | undefined>,
  create: () => Promise<T>,
): Promise<T & { readonly kind: 'created' | 'existing' }> {
  const known = await find();
  if (known !== undefined) return { ...known, kind: 'existing' };
  try {
    return { ...(await create()), kind: 'created' };
  } catch (error) {
    if (!isHephaestusError(error)) throw error;
    // 409 and 422: another coordinator was quicker.
    const exists = error.code === 'remote.refused' && /already exists/i.test(error.message);
    if (error.retry !== 'ambiguous' && !exists) throw error;
    const found = await find();
    if (found === undefined) throw error;
    return { ...found, kind: exists ? 'existing' : 'created' };
  }
}
