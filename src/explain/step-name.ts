import { Wording } from './format.ts';

/** A step of a run: one pass of a tool. */
export interface StepName {
  readonly toolId: string;
  readonly iteration: number;
}

const say = new Wording();

/** The name of a step, without what else is known of it. */
export function nameOf({ toolId, iteration }: StepName): StepName {
  return { toolId, iteration };
}

/** A text that only the same pass of the same tool has. */
export function passOf({ toolId, iteration }: StepName): string {
  return `${iteration} ${toolId}`;
}

/** By tool, then by pass. */
export function byName(a: StepName, b: StepName): number {
  if (a.toolId !== b.toolId) return a.toolId < b.toolId ? -1 : 1;
  return a.iteration - b.iteration;
}

/** As a sentence names a step: `rank`, or `rank #2` for its second pass. */
export function nameStep(step: StepName): string {
  return say.step(step);
}
