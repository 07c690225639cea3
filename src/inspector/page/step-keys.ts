import { isWrong } from '../scene/step-states.ts';
import type { StepView } from '../view/run-view.ts';
import type { Key } from './keys.ts';
import { shownRun } from './shown-run.ts';
import { show } from './url-state.ts';

/** From which step a move forwards or backwards starts; undefined where none is selected. */
type Place = (by: 1 | -1) => number | undefined;

/** Keys that go from step to step of those that matter, round and round. */
export function stepKeys(place: Place): Key[] {
  return [
    { keys: ['n'], does: 'next step that went wrong', run: () => go(place, 1, wentWrong) },
    { keys: ['N'], does: 'previous step that went wrong', run: () => go(place, -1, wentWrong) },
    { keys: ['c'], does: 'next step on the critical path', run: () => go(place, 1, isCritical) },
    { keys: ['C'], does: 'previous step on the critical path', run: () => go(place, -1, isCritical) },
  ];
}

function go(place: Place, by: 1 | -1, isMeant: (step: StepView) => boolean): void {
  const { steps = [] } = shownRun.peek() ?? {};
  const from = place(by) ?? (by > 0 ? -1 : 0);
  for (let distance = 1; distance <= steps.length; distance += 1) {
    const step = steps.at((from + by * distance) % steps.length)!;
    if (isMeant(step)) return show({ selected: `step:${step.key}` }, false);
  }
}

function wentWrong({ state }: StepView): boolean {
  return isWrong(state);
}

function isCritical({ isCritical }: StepView): boolean {
  return isCritical;
}
