import type { StepName } from './explain-run.ts';
import { Wording } from './format.ts';

const say = new Wording();

/** By tool, then by pass. */
export function byName(a: StepName, b: StepName): number {
  if (a.toolId !== b.toolId) return a.toolId < b.toolId ? -1 : 1;
  return a.iteration - b.iteration;
}

/** As a sentence names a step: `rank`, or `rank #2` for its second pass. */
export function nameStep({ toolId, iteration }: StepName): string {
  return iteration > 1 ? `${say.name(toolId)} #${iteration}` : say.name(toolId);
}
