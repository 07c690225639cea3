import { useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { count } from '../../../explain/format.ts';
import { useKeys } from '../keys.ts';
import { isConnected } from '../load-run.ts';
import { shown } from '../url-state.ts';
import { EmptyList } from './empty-list.tsx';
import { filterRuns } from './filter-runs.ts';
import { clearFilters, Filters } from './filters.tsx';
import { listFault, runList } from './load-list.ts';
import { OtherTraces } from './other-traces.tsx';
import { RunRows } from './run-rows.tsx';
import { lastRun } from './way-back.ts';

/** So many runs are drawn at first, and so many more each time the end comes near: more at once would be felt when scrolling. */
const PAGE = 50;
const NEAR = '800px';

/** All runs that are kept, newest first. */
export function RunList(): JSX.Element {
  const list = runList.value;
  const found = useComputed(() => filterRuns(runList.value?.runs ?? [], shown.value));
  const [run, trace] = [list?.runs[0], list?.otherTraces[0]];
  const isNewest = run !== undefined && trace !== undefined && trace.startedAtMs > run.startedAtMs;
  const others = list && trace && <OtherTraces traces={list.otherTraces} isOpen={!run || isNewest} hasRuns={!!run} />;
  useListKeys();
  useEffect(() => {
    document.title = 'Runs · orchestrace Inspector';
    focusLastRun();
  }, []);
  return (
    <main class="list-page" id="main" tabIndex={-1}>
      <h1 class="hidden">Runs</h1>
      {listFault.value && (
        <p class="notice is-fault" role="alert">
          {listFault.value}
        </p>
      )}
      {!isConnected.value && <p class="notice is-warning">The Inspector does not answer: the list may be old.</p>}
      {!list && !listFault.value && <p class="loading">Loading the runs …</p>}
      {list?.notes.map((note) => (
        <p class="notice" key={note}>
          {note}
        </p>
      ))}
      {list && list.runs.length === 0 && <EmptyList traces={list.otherTraces.length} />}
      {list && list.runs.length > 0 && (
        <>
          <Filters runs={list.runs} found={found.value.length} />
          {isNewest && others}
          {found.value.length > 0 ? <Runs found={found.value} /> : <NothingFound total={list.runs.length} />}
        </>
      )}
      {!isNewest && others}
    </main>
  );
}

function Runs({ found }: { readonly found: ReturnType<typeof filterRuns> }): JSX.Element {
  const most = useSignal(PAGE);
  const end = useRef<HTMLParagraphElement>(null);
  const hasMore = found.length > most.value;
  useEffect(() => {
    if (!end.current) return;
    const more = ([entry]: IntersectionObserverEntry[]): void => {
      if (entry?.isIntersecting) most.value += PAGE;
    };
    const observer = new IntersectionObserver(more, { root: end.current.closest('main'), rootMargin: NEAR });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasMore, most.value]);
  return (
    <>
      <RunRows runs={found.slice(0, most.value)} />
      {hasMore && (
        <p class="more" ref={end}>
          <button type="button" class="button" onClick={() => (most.value += PAGE)}>
            Show more: {found.length - most.value} runs are left
          </button>
        </p>
      )}
    </>
  );
}

function NothingFound({ total }: { readonly total: number }): JSX.Element {
  return (
    <p class="nothing">
      None of {count(total, 'run')} passes these filters.{' '}
      <button type="button" class="button" onClick={clearFilters}>
        Clear filters
      </button>
    </p>
  );
}

/** Where the reader left the list. */
function focusLastRun(): void {
  const last = lastRun();
  if (last) document.querySelector<HTMLElement>(`.run-link[href^='/run/${last.traceId}']`)?.focus();
}

/** The focus goes from run to run: Enter then opens a run as it opens any link. */
function go(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('.run-link')];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
  next?.focus({ preventScroll: true });
  next?.closest('tr')?.scrollIntoView({ block: 'nearest' });
}

function useListKeys(): void {
  useKeys('List of runs', [
    { keys: ['j', 'ArrowDown'], does: 'next run', run: () => go(1) },
    { keys: ['k', 'ArrowUp'], does: 'previous run', run: () => go(-1) },
    { keys: ['/'], does: 'filter by text', run: () => document.getElementById('filter-text')?.focus() },
    { keys: ['o'], does: 'open a trace file', run: () => document.getElementById('open-file')?.click() },
  ]);
}
