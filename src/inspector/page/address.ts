export type ViewName = 'timeline' | 'graph' | 'report' | 'compare';

/** What is shown, all of it: it stands in the address, so that a link shows the same. Texts, as they stand there; empty for none. */
export interface Shown {
  /** Or the first digits of one. Empty for the list of runs; the path, with its slash, of an address at which there is nothing. */
  readonly traceId: string;
  /** The run within the trace; empty for its first. */
  readonly run: string;
  readonly view: ViewName;
  /** `run`, `group:0`, `step:fetch`, `attempt:<span id>`, `span:<span id>`, `edge:a>b` with keys of steps. */
  readonly selected: string;
  /** The part of the time axis, `from-to` in milliseconds. */
  readonly zoom: string;
  /** What is searched for: in the run, or in the list of runs. */
  readonly search: string;
  /** Indexes of groups that are collapsed, and keys of steps that are open, as lists of JSON. */
  readonly collapsed: string;
  readonly open: string;
  /** `1` where idle gaps are folded. */
  readonly fold: string;
  /** Place of the graph: `x,y,scale`. */
  readonly place: string;
  /** What it is compared with: `median:20`, or a run as `trace` or `trace.run`; empty for the last success. */
  readonly with: string;
  /** Filters of the list. */
  readonly plan: string;
  readonly outcome: string;
  readonly strategy: string;
  readonly service: string;
  readonly version: string;
}

/** What is shown at first. */
export const NOTHING: Shown = {
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

/** Stands for the trace in the address of a saved file, which holds only one. */
const SAVED_TRACE = 'file';

/** Those that stand in the address as parameters. */
const PARAMETERS = Object.keys(NOTHING).filter((name) => name !== 'traceId') as (keyof Shown)[];
const RUN_PATH = /^\/run\/([0-9a-f]{6,32})$/i;

/** What a run can be looked at as; a file holds no other to compare it with. */
export function viewsOf(isSavedFile: boolean): readonly ViewName[] {
  return ['timeline', 'graph', 'report', ...(isSavedFile ? [] : (['compare'] as const))];
}

/** Whether it is all of one. */
export function isTraceId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** Reads what an address shows. In a saved file it stands behind the `#`: the path is that of the file. */
export function parseAddress(
  { pathname, search, hash }: Pick<URL, 'pathname' | 'search' | 'hash'>,
  isSavedFile: boolean,
): Shown {
  const parameters = new URLSearchParams(isSavedFile ? hash.slice(1) : search);
  const given = Object.fromEntries(PARAMETERS.map((name) => [name, parameters.get(name) ?? NOTHING[name]]));
  const view = viewsOf(isSavedFile).find((name) => name === given['view']) ?? NOTHING.view;
  const ofRun = RUN_PATH.exec(pathname)?.[1]?.toLowerCase() ?? (pathname === '/' ? '' : pathname);
  const traceId = isSavedFile ? SAVED_TRACE : ofRun;
  return { ...NOTHING, ...given, view, traceId };
}

/** The address that shows it: the inverse of {@link parseAddress}. */
export function formatAddress(shown: Shown, isSavedFile: boolean): string {
  const set = PARAMETERS.filter((name) => shown[name] !== NOTHING[name]);
  const parameters = new URLSearchParams(set.map((name): [string, string] => [name, shown[name]])).toString();
  if (isSavedFile) return `#${parameters}`;
  const { traceId } = shown;
  const path = traceId === '' ? '/' : traceId.startsWith('/') ? traceId : `/run/${traceId}`;
  return parameters === '' ? path : `${path}?${parameters}`;
}
