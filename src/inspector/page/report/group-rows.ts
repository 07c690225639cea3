import type { GroupView, RunView } from '../../view/run-view.ts';

/** How many steps of a group ran at once, beside how many might have. */
export interface GroupRow {
  /** Place among the groups of the run. */
  readonly index: number;
  readonly groupIndex: number;
  readonly parallelism: NonNullable<GroupView['parallelism']>;
  /** Declared parallel, and several of its steps ran, but one after the other. */
  readonly isSerialised: boolean;
}

/** The groups of which several steps might have run at once, or did: those that were serialised first. */
export function groupRows({ groups, steps }: Pick<RunView, 'groups' | 'steps'>): GroupRow[] {
  const ran = new Map<number, number>();
  for (const { group, startMs, state } of steps)
    if (group !== undefined && startMs !== undefined && state !== 'skip') ran.set(group, (ran.get(group) ?? 0) + 1);
  return groups
    .flatMap(({ groupIndex, parallelism }, index) => {
      // A peak of 0 was too short to be told.
      if (!parallelism || parallelism.peak === 0 || Math.max(parallelism.declared, parallelism.peak) < 2) return [];
      const isSerialised = parallelism.declared > 1 && parallelism.peak === 1 && (ran.get(index) ?? 0) > 1;
      return { index, groupIndex, parallelism, isSerialised };
    })
    .toSorted((a, b) => Number(b.isSerialised) - Number(a.isSerialised));
}
