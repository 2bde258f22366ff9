// A setting that is a regular expression: checked when settings are, so that a wrong one is refused with its path.
// Must never accept what the linear-time engine doesn't run.
import * as z from 'zod';
import { HephaestusError } from '../base/errors.ts';
import { compileLinearPattern } from '../base/linear-pattern.ts';

export const linearPatternSchema = z
  .string()
  .min(1)
  .superRefine((syntax, context) => {
    try {
      compileLinearPattern(syntax);
    } catch (error) {
      context.addIssue({ code: 'custom', message: HephaestusError.from(error).message });
    }
  });
