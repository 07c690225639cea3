import type { StepName } from '../step-name.ts';

/** Tools of a path that are named; of a longer one the middle is left out. */
const MAX_PATH = 10;

/** The whole name, such as `rank`, or `rank #2` for its second pass: it is escaped and cut where it is shown. */
export function nameStep({ toolId, iteration }: StepName): string {
  return iteration > 1 ? `${toolId} #${iteration}` : toolId;
}

/** E.g. `fetch > rank > write`; empty for none. */
export function namePath(steps: readonly StepName[]): string {
  const names = steps.map(nameStep);
  if (names.length <= MAX_PATH) return names.join(' > ');
  const half = MAX_PATH / 2;
  return `${[...names.slice(0, half), '…', ...names.slice(-half)].join(' > ')} (${names.length} steps)`;
}
