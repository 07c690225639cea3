import type { JSX } from 'preact';
import { type State, STATES } from '../../scene/step-states.ts';
import type { RunRow } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { show, shown } from '../url-state.ts';
import { formatVersion, showName } from '../ui/texts.ts';
import { type Choice, choicesOf, type FilterName, FILTERS } from './filter-runs.ts';
import { OpenFile } from './open-file.tsx';

interface FiltersProps {
  readonly runs: readonly RunRow[];
  readonly found: number;
}

/** Text filter, one select for each filter that has a choice, and how many runs are left. */
export function Filters({ runs, found }: FiltersProps): JSX.Element {
  const filters = shown.value;
  const choices = choicesOf(runs, filters);
  const all = choicesOf(runs, NOTHING);
  const isFiltered = filters.search !== '' || FILTERS.some((name) => filters[name] !== '');
  return (
    <search class="filters">
      <input
        id="filter-text"
        type="search"
        placeholder="Filter runs ( / )"
        aria-label="Filter runs by text"
        value={filters.search}
        onInput={(event) => show({ search: event.currentTarget.value }, false)}
        onKeyDown={(event) => event.key === 'Escape' && document.getElementById('main')?.focus()}
      />
      {FILTERS.filter((name) => all[name].length + choices[name].length > 0).map((name) => (
        <Filter key={name} name={name} choices={choices[name]} value={filters[name]} />
      ))}
      {isFiltered && (
        <button type="button" class="button" onClick={clearFilters}>
          Clear
        </button>
      )}
      <span class="found" role="status">
        {found < runs.length && `${found.toLocaleString('en')} of `}
        {runs.length.toLocaleString('en')} {runs.length === 1 ? 'run' : 'runs'}
      </span>
      <OpenFile />
    </search>
  );
}

interface FilterProps {
  readonly name: FilterName;
  readonly choices: readonly Choice[];
  readonly value: string;
}

function Filter({ name, choices, value }: FilterProps): JSX.Element {
  return (
    <select
      aria-label={name.charAt(0).toUpperCase() + name.slice(1)}
      class={value === '' ? '' : 'is-set'}
      value={value}
      onChange={(event) => show({ [name]: event.currentTarget.value })}
    >
      <option value="">any {name}</option>
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {(WORDS[name] ?? showName)(choice.value)} ({choice.runs})
        </option>
      ))}
    </select>
  );
}

/** How values are shown that are not shown as they are. */
const WORDS: Partial<Record<FilterName, (value: string) => string>> = {
  outcome: (value) => STATES[value as State]?.words ?? showName(value),
  version: formatVersion,
};

export function clearFilters(): void {
  show({ search: '', ...Object.fromEntries(FILTERS.map((name) => [name, ''])) });
}
