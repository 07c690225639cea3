import type { RunFacts } from './facts.ts';
import type { Run, Step } from './run.ts';

/** Whether the critical path of a run is certain: it has ended, what its steps need is known, and no span of a step was lost. */
export function isPathCertain(run: Run, { plan }: Pick<RunFacts, 'plan'>): boolean {
  return run.span !== undefined && plan.tools.length > 0 && lostStepsOf(run).length === 0;
}

/** The steps of a run that has ended of which no span arrived, be it one pass of a tool that has others. */
export function lostStepsOf({ span, groups, steps }: Run): Step[] {
  if (!span) return [];
  return [...groups.flatMap((group) => group.steps), ...steps].filter(({ absence }) => absence === 'no span');
}
