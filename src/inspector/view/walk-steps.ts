import type { Run, Step } from '../../explain/read/run.ts';

/** Most steps of a run that are shown: the first ones. A page with more does not help anybody. */
export const MAX_STEPS = 50_000;

/** A step with where it is shown. */
export interface PlacedStep {
  readonly step: Step;
  /** As {@link StepView} has it. */
  readonly key: string;
  /** How many steps are shown before it. */
  readonly at: number;
  /** Index of the group; absent outside any. */
  readonly group?: number;
  /** Place of the step that called it. */
  readonly parent?: number;
}

/** Every step of a run in the order in which they are shown: what a step called comes right after it. */
export function* walkSteps({ groups, steps }: Run): Generator<PlacedStep, void, undefined> {
  const taken = new Map<string, number>();
  let at = 0;
  // A stack, because steps may be nested deeper than calls may be.
  const waiting: Pick<PlacedStep, 'step' | 'group' | 'parent'>[] = [
    ...groups.flatMap((group, index) => group.steps.map((step) => ({ step, group: index }))),
    ...steps.map((step) => ({ step })),
  ].toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    yield { ...next, at, key: keyOf(next.step, taken) };
    for (const step of next.step.steps.toReversed()) waiting.push({ ...next, step, parent: at });
    at += 1;
  }
}

/** E.g. `fetch`, `fetch#2` for its second pass; of steps that have both in common, the second is `fetch~2`. */
function keyOf({ toolId, iteration }: Step, taken: Map<string, number>): string {
  const name = iteration > 1 ? `${toolId}#${iteration}` : toolId;
  let times = (taken.get(name) ?? 0) + 1;
  const numbered = (): string => (times === 1 ? name : `${name}~${times}`);
  // A tool may have such a name itself.
  while (taken.has(numbered())) times += 1;
  taken.set(name, times);
  const key = numbered();
  if (times > 1) taken.set(key, 1);
  return key;
}
