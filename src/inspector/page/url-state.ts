import { computed, signal } from '@preact/signals';
import { isSavedFile } from './source.ts';

export type ViewName = 'timeline' | 'graph' | 'report' | 'compare';

/** What is shown, all of it: it stands in the address, so that a link shows the same. Texts, as they stand there; empty for none. */
export interface Shown {
  /** Empty for the list of runs. */
  readonly traceId: string;
  /** The run within the trace; empty for its first. */
  readonly run: string;
  readonly view: ViewName;
  /** `run`, `group:0`, `step:fetch`, `attempt:<span id>`, `span:<span id>`, `edge:a>b` with keys of steps. */
  readonly selected: string;
  /** The part of the time axis, `from-to` in milliseconds. */
  readonly zoom: string;
  /** What is searched for in the run. */
  readonly search: string;
  /** Indexes of groups that are collapsed, and keys of steps that are open, as lists of JSON. */
  readonly collapsed: string;
  readonly open: string;
  /** `1` where idle gaps are folded. */
  readonly fold: string;
  /** Place of the graph: `x,y,scale`. */
  readonly place: string;
  /** What it is compared with: `trace` or `trace.run`; empty for the last success. */
  readonly with: string;
  /** Filters of the list. */
  readonly plan: string;
  readonly outcome: string;
  readonly strategy: string;
  readonly service: string;
  readonly version: string;
}

const NOTHING: Shown = {
  traceId: '',
  run: '',
  view: 'timeline',
  selected: '',
  zoom: '',
  search: '',
  collapsed: '',
  open: '',
  fold: '',
  place: '',
  with: '',
  plan: '',
  outcome: '',
  strategy: '',
  service: '',
  version: '',
};
/** Those that stand in the address as parameters. */
const PARAMETERS = Object.keys(NOTHING).filter((name) => name !== 'traceId') as (keyof Shown)[];
const VIEWS: readonly string[] = ['timeline', 'graph', 'report', 'compare'] satisfies readonly ViewName[];

export const shown = signal<Shown>(read());
/** The views that are asked for most, so that a part of the page is drawn again only when its part changes. */
export const selected = computed(() => shown.value.selected);
export const view = computed(() => shown.value.view);

addEventListener('popstate', () => (shown.value = read()));
if (isSavedFile) addEventListener('hashchange', () => (shown.value = read()));

/**
 * Shows something else.
 *
 * @param isStep whether the back button of the browser leads back here; not for what changes all the time, such as a zoom
 */
export function show(change: Partial<Shown>, isStep = true): void {
  const next = { ...shown.value, ...change };
  const address = addressOf(next);
  if (address !== addressOf(shown.value)) history[isStep ? 'pushState' : 'replaceState'](null, '', address);
  shown.value = next;
}

/** The address of a run, or of what is shown with a change: for links. */
export function addressOf(to: Partial<Shown>): string {
  const all = { ...NOTHING, ...to };
  const parameters = new URLSearchParams(
    PARAMETERS.flatMap((name) => (all[name] === NOTHING[name] ? [] : [[name, all[name]]])),
  ).toString();
  if (isSavedFile) return `#${parameters}`;
  const path = all.traceId === '' ? '/' : `/run/${all.traceId}`;
  return parameters === '' ? path : `${path}?${parameters}`;
}

function read(): Shown {
  const parameters = new URLSearchParams(isSavedFile ? location.hash.slice(1) : location.search);
  const given = Object.fromEntries(PARAMETERS.map((name) => [name, parameters.get(name) ?? NOTHING[name]]));
  const view = VIEWS.includes(given['view'] ?? '') ? given['view'] : NOTHING.view;
  const [, traceId = ''] = /^\/run\/([0-9a-f]{32})$/i.exec(location.pathname) ?? [];
  return { ...NOTHING, ...given, view, traceId: isSavedFile ? 'file' : traceId.toLowerCase() } as Shown;
}
