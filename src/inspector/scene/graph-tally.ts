import { count } from '../../explain/format.ts';
import type { GroupView, RunView, StepState } from '../view/run-view.ts';
import type { GroupCount } from './graph-items.ts';
import type { Palette } from './palette.ts';
import { isWrong, STATES } from './step-states.ts';

/** What is said of a group as a whole, without what its steps called. */
export interface GroupTally {
  /** How many steps it has in each state, what went wrong first. */
  readonly counts: readonly GroupCount[];
  /** Index of its first step; undefined where it has none. */
  readonly first: number | undefined;
  /** Whether a step of it is on the critical path. */
  readonly isCritical: boolean;
  /** Where it did not go well. */
  readonly color: keyof Palette | undefined;
}

export function tallyGroups({ groups, steps }: Pick<RunView, 'groups' | 'steps'>): GroupTally[] {
  const inGroups = Map.groupBy(steps.keys(), (index) =>
    steps[index]!.parent === undefined ? steps[index]!.group : undefined,
  );
  return groups.map((group, index) => {
    const own = inGroups.get(index) ?? [];
    const counts = countStates(own.map((index) => steps[index]!.state));
    const isCritical = own.some((index) => steps[index]!.isCritical);
    return { counts, first: own[0], isCritical, color: colorOf(group, counts) };
  });
}

/** How many steps are in states of which something is true. */
export function howMany(counts: readonly GroupCount[], isMeant: (state: StepState) => boolean = () => true): number {
  return counts.reduce((sum, { state, count }) => (isMeant(state) ? sum + count : sum), 0);
}

/** E.g. `100 steps, 2 failed`. */
export function summarize(counts: readonly GroupCount[]): string {
  const rest = counts.filter(({ state }) => state !== 'success');
  const words = rest.map(({ state, count }) => `${count} ${STATES[state].words}`);
  return [count(howMany(counts), 'step'), ...words].join(', ');
}

const ORDER = Object.keys(STATES) as StepState[];
/** What went wrong first. */
const SORTED: readonly StepState[] = [...ORDER.filter(isWrong), ...ORDER.filter((state) => !isWrong(state))];

function countStates(states: readonly StepState[]): GroupCount[] {
  const counts = new Map<StepState, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return SORTED.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : { state, count };
  });
}

/** Of its outcome, or of the first state that went wrong in it. */
function colorOf({ outcome }: GroupView, counts: readonly GroupCount[]): GroupTally['color'] {
  const wrong = counts.find(({ state }) => isWrong(state))?.state;
  const state = outcome === 'success' ? wrong : (outcome ?? wrong);
  return state && STATES[state].color;
}
