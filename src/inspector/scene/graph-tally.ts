import { count } from '../../explain/format.ts';
import type { GroupView, RunView, StepState } from '../view/run-view.ts';
import type { GroupCount } from './graph-items.ts';
import type { Palette } from './palette.ts';
import { isWrong, STATES } from './step-states.ts';

/** What is said of a group as a whole, without what its steps called. */
export interface GroupTally {
  /** How many steps it has in each state, the most important first. */
  readonly counts: readonly GroupCount[];
  /** Whether a step of it is on the critical path. */
  readonly isCritical: boolean;
  /** Where it did not go well. */
  readonly color: keyof Palette | undefined;
}

export function tallyGroups({ groups, steps }: Pick<RunView, 'groups' | 'steps'>): GroupTally[] {
  const tallies = groups.map(() => ({ states: new Map<StepState, number>(), isCritical: false }));
  for (const { group, parent, state, isCritical } of steps) {
    const tally = parent === undefined ? tallies[group ?? -1] : undefined;
    if (!tally) continue;
    tally.states.set(state, (tally.states.get(state) ?? 0) + 1);
    tally.isCritical ||= isCritical;
  }
  return tallies.map(({ states, isCritical }, index) => {
    return { counts: countStates(states), isCritical, color: colorOf(groups[index]!, states) };
  });
}

/** E.g. `100 steps, 2 failed`. */
export function summarize(counts: readonly GroupCount[]): string {
  const total = counts.reduce((sum, { count: number }) => sum + number, 0);
  const rest = counts.filter(({ words }) => words !== STATES.success.words);
  return [count(total, 'step'), ...rest.map(({ words, count: number }) => `${number} ${words}`)].join(', ');
}

const ORDER = Object.keys(STATES) as StepState[];
/** What went wrong first. */
const SORTED: readonly StepState[] = [...ORDER.filter(isWrong), ...ORDER.filter((state) => !isWrong(state))];

function countStates(states: ReadonlyMap<StepState, number>): GroupCount[] {
  return SORTED.flatMap((state) => {
    const number = states.get(state) ?? 0;
    const { words, color } = STATES[state];
    return number === 0 ? [] : [{ words, color, count: number }];
  });
}

/** Of its outcome, or of the first state that went wrong in it. */
function colorOf({ outcome }: GroupView, states: ReadonlyMap<StepState, number>): GroupTally['color'] {
  if (outcome !== undefined && outcome !== 'success') return STATES[outcome].color;
  const wrong = SORTED.find((state) => isWrong(state) && states.has(state));
  return wrong && STATES[wrong].color;
}
