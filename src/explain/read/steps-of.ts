import type { Run, Step } from './run.ts';

/** The steps directly of a run: those of its groups, then those outside of them. */
export function stepsOf({ groups, steps }: Run): readonly Step[] {
  return [...groups.flatMap((group) => group.steps), ...steps];
}
