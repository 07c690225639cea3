import { batch, effect, signal } from '@preact/signals';
import type { RunList } from '../../view/run-view.ts';
import { Refresher } from '../refresher.ts';
import { source } from '../source.ts';
import { shown } from '../url-state.ts';

/** The list as it was last loaded: stays while a run is shown, so that it is there at once when the reader comes back. */
export const runList = signal<RunList | undefined>(undefined);
export const listFault = signal<string | undefined>(undefined);
/** Milliseconds since 1970, by the clock of the server once the list was loaded: grows, a second at a time. */
export const clockMs = signal(Date.now());

/** How often times are brought up to date, and how often the list is while a run goes on: to see that its process died. */
const TICK_MS = 1000;
const LIVE_REFRESH_TICKS = 5;

let serverAheadMs = 0;
let ticks = 0;

const refresher = new Refresher(async () => {
  try {
    const list = await source.runs();
    serverAheadMs = list.nowMs - Date.now();
    batch(() => {
      runList.value = list;
      listFault.value = undefined;
      clockMs.value = list.nowMs;
    });
  } catch (error) {
    listFault.value = (error as Error).message;
  }
});

/** Keeps the list up to date as long as it is what is shown, and the time always. */
export function startList(): void {
  effect(() => {
    if (isListShown()) refresher.ask();
  });
  setInterval(() => {
    if (document.hidden) return;
    clockMs.value = Date.now() + serverAheadMs;
    if (!isListShown()) return;
    ticks += 1;
    const isLive = runList.peek()?.runs.some(({ state }) => state === 'running');
    if (isLive && ticks % LIVE_REFRESH_TICKS === 0) refresher.ask();
  }, TICK_MS);
}

export function onListChange(): void {
  if (isListShown()) refresher.ask();
}

export const refreshList = (): void => refresher.ask();

function isListShown(): boolean {
  return shown.value.traceId === '';
}
