import { stateOf, STATES } from '../../scene/step-states.ts';
import type { RunRow } from '../../view/run-view.ts';
import type { Shown } from '../address.ts';
import { formatVersion, showPlan } from '../ui/texts.ts';

/** The filters of the list, in the order in which they are shown. */
export const FILTERS = ['plan', 'outcome', 'strategy', 'service', 'version'] as const;
export type FilterName = (typeof FILTERS)[number];
export type Filters = Pick<Shown, FilterName | 'search'>;

/** What a run has of each; several services for a run of many. */
const VALUES: Readonly<Record<FilterName, (run: RunRow) => readonly (string | undefined)[]>> = {
  plan: ({ planName }) => [planName],
  outcome: (run) => [stateOf(run)],
  strategy: ({ strategy }) => [strategy],
  service: ({ services }) => services.map(({ name }) => name),
  version: ({ services }) => services.map(({ version }) => version),
};

/** A value of a filter, and how many runs there would be with it. */
export interface Choice {
  readonly value: string;
  readonly runs: number;
}

/** The runs that pass every filter, and contain every word of the search in something that the list shows. */
export function filterRuns(runs: readonly RunRow[], filters: Filters): RunRow[] {
  const words = filters.search.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => passes(run, filters) && (words.length === 0 || contains(run, words)));
}

/** What each filter can be set to, given the others; by number of runs, then by name. What it is set to is always there. */
export function choicesOf(runs: readonly RunRow[], filters: Filters): Record<FilterName, Choice[]> {
  const choices = (name: FilterName): Choice[] => {
    const counts = new Map<string, number>(filters[name] === '' ? [] : [[filters[name], 0]]);
    for (const run of filterRuns(runs, { ...filters, [name]: '' }))
      for (const value of new Set(VALUES[name](run))) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    return Array.from(counts, ([value, runs]) => ({ value, runs })).toSorted(
      (a, b) => b.runs - a.runs || (a.value < b.value ? -1 : 1),
    );
  };
  return Object.fromEntries(FILTERS.map((name) => [name, choices(name)])) as Record<FilterName, Choice[]>;
}

function passes(run: RunRow, filters: Filters): boolean {
  return FILTERS.every((name) => filters[name] === '' || VALUES[name](run).includes(filters[name]));
}

/** Whether every word is in something that the list shows of a run, as it shows it or as it was sent. */
function contains(run: RunRow, words: readonly string[]): boolean {
  const { traceId, source, planName, verdict, services } = run;
  const shown = [
    STATES[stateOf(run)].words,
    showPlan(planName),
    ...services.map(({ version = '' }) => formatVersion(version)),
  ];
  const text = [traceId, source, verdict, ...shown, ...FILTERS.flatMap((name) => VALUES[name](run))]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
