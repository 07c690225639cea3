import { signal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { count } from '../../explain/format.ts';
import type { RunView } from '../view/run-view.ts';
import { useKeys } from './keys.ts';
import { type Found, SearchIndex } from './search-index.ts';
import { matches, shownRun, spanTree } from './shown-run.ts';
import { openStep } from './timeline/shown-lists.ts';
import { selected, show, shown } from './url-state.ts';

/** How long somebody has to pause in typing until it is searched. */
const TYPING_MS = 120;

const found = signal<Found | undefined>(undefined);
const fault = signal<string | undefined>(undefined);
let index: { readonly run: RunView; readonly of: Promise<SearchIndex> } | undefined;

/** Finds steps and spans of the run that is shown by anything they hold. */
export function Search(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useSignalEffect(() => search(shownRun.value, shown.value.search));
  useKeys('Search', [{ keys: ['/'], does: 'search in the run', run: () => input.current?.select() }]);
  return (
    <search class="search">
      <input
        ref={input}
        type="search"
        placeholder="Search ( / )"
        aria-label="Search in the run: words, or attribute=value"
        title="Words that all have to be found, or attribute=value. Enter goes to the next match, shift and Enter to the previous one."
        value={shown.value.search}
        onInput={(event) => show({ search: event.currentTarget.value }, false)}
        onKeyDown={onKeyDown}
      />
      <span role="status">{fault.value ?? describe(found.value, shownRun.value)}</span>
    </search>
  );
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
  else if (event.key === 'Escape') {
    show({ search: '' });
    document.getElementById('view')?.focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** @returns how to give up */
function search(run: RunView | undefined, text: string): (() => void) | undefined {
  if (!run || text.trim() === '') {
    found.value = undefined;
    matches.value = undefined;
    return;
  }
  let isWanted = true;
  const find = async (): Promise<void> => {
    try {
      const all = (await indexOf(run)).find(text);
      if (!isWanted) return;
      found.value = all;
      matches.value = all;
      fault.value = undefined;
    } catch (error) {
      index = undefined;
      if (isWanted) fault.value = (error as Error).message;
    }
  };
  const timer = setTimeout(() => void find(), TYPING_MS);
  return () => {
    isWanted = false;
    clearTimeout(timer);
  };
}

function indexOf(run: RunView): Promise<SearchIndex> {
  if (index?.run !== run) index = { run, of: spanTree().then(({ records }) => new SearchIndex(run, records)) };
  return index.of;
}

/** Selects another of what was found, and opens the step that it is in. */
function go(by: 1 | -1): void {
  const { order = [] } = found.value ?? {};
  if (order.length === 0) return;
  const at = order.findIndex((match) => match.selected === selected.value);
  const next = at < 0 ? order.at(by === 1 ? 0 : -1) : order[(at + by + order.length) % order.length];
  if (!next) return;
  show({ selected: next.selected }, false);
  // What was found below a step is in sight once that is open.
  if (next.step !== undefined && next.selected !== `step:${next.step}`) openStep(next.step);
}

function describe(all: Found | undefined, run: RunView | undefined): string {
  if (!all || !run) return '';
  if (all.order.length === 0) return 'nothing found';
  const at = all.order.findIndex((match) => match.selected === selected.value);
  const place = at < 0 ? '' : `${at + 1}/${all.order.length}: `;
  return `${place}${all.steps.size} of ${count(run.steps.length, 'step')}, ${count(all.spans.size, 'span')}`;
}
