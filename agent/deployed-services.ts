// The setting that says how the revision of each service is found out on this host.
// Must never be pushed by a coordinator: a command is the choice of whoever administers the host.
import * as z from 'zod';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');

export const deployedServicesSchema = z
  .array(
    z
      .strictObject({
        /** As its incidents name it. */
        service: z.string().regex(/^\S{1,200}$/, 'must be a name without blanks'),
        /** Its first line is the revision. */
        file: absolutePath.optional(),
        /** A checkout: what its HEAD is at. */
        workTree: absolutePath.optional(),
        /** An argument list, run without a shell as the agent's user; the first line that it writes is the revision. */
        command: z.array(z.string().min(1)).min(1).optional(),
      })
      .superRefine(({ file, workTree, command }, context) => {
        if ([file, workTree, command].filter((way) => way !== undefined).length === 1) return;
        context.addIssue({ code: 'custom', message: 'needs exactly one of file, workTree and command' });
      }),
  )
  .max(64);
