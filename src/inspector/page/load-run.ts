import { batch, computed, effect, signal } from '@preact/signals';
import type { RunView } from '../view/run-view.ts';
import { isTraceId } from './address.ts';
import { Refresher } from './refresher.ts';
import { nowMs, shownRun } from './shown-run.ts';
import { isSavedFile, source } from './source.ts';
import { shown } from './url-state.ts';

/** Why the run could not be loaded, or not again. */
export const loadFault = signal<string | undefined>(undefined);
export const isPaused = signal(false);
/** How often something of the run arrived since it was paused, and the run as it is since. */
export const missedChanges = signal(0);
export const newestRun = signal<RunView | undefined>(undefined);
/** Whether the server tells of changes at the moment. */
export const isConnected = signal(true);

/** How often a run that goes on is loaded although nothing of it arrived: to see that its process died. */
const LIVE_REFRESH_MS = 5000;
/** How often the clock of a run is moved. */
const TICK_MS = 100;

/** Names the run that is shown. */
const place = computed(() => JSON.stringify([shown.value.traceId, shown.value.run]));
let refresher: Refresher | undefined;
let arrivedAtMs = 0;

/** Loads the run that the address names, as long as the page is there. */
export function startLoading(): void {
  effect(() => {
    const [traceId, run] = JSON.parse(place.value) as [string, string];
    batch(() => {
      shownRun.value = undefined;
      loadFault.value = undefined;
      missedChanges.value = 0;
      isPaused.value = false;
      newestRun.value = undefined;
    });
    if (!isSavedFile && !isTraceId(traceId)) return;
    const mine = new Refresher(async () => {
      const loaded = await load(traceId, run);
      if (refresher === mine) accept(loaded);
    });
    refresher = mine;
    mine.ask();
    return () => {
      mine.stop();
      refresher = undefined;
    };
  });
  // In a file, it is as it was.
  if (isSavedFile) return;
  effect(() => {
    if (shownRun.value?.nowMs !== undefined && !isPaused.value) return startClock();
  });
  setInterval(() => {
    if (shownRun.value?.nowMs !== undefined && !isPaused.value) refresher?.ask();
  }, LIVE_REFRESH_MS);
}

/** Loads it again if it changed. @param traceId of which something arrived; undefined for perhaps any */
export function onTraceChange(traceId: string | undefined): void {
  if (traceId !== undefined && traceId !== shown.peek().traceId) return;
  if (isPaused.peek()) missedChanges.value += 1;
  refresher?.ask();
}

export function togglePause(): void {
  isPaused.value = !isPaused.value;
  missedChanges.value = 0;
  if (!isPaused.value) refresher?.ask();
}

type Loaded = { run: RunView } | { fault: string };

async function load(traceId: string, run: string): Promise<Loaded> {
  try {
    return { run: await source.run(traceId, run) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/** What was there before stays until there is something new, and as long as it is paused. */
function accept(loaded: Loaded): void {
  batch(() => {
    loadFault.value = 'fault' in loaded ? loaded.fault : undefined;
    if ('fault' in loaded) return;
    newestRun.value = loaded.run;
    if (isPaused.peek()) return;
    arrivedAtMs = performance.now();
    shownRun.value = loaded.run;
    nowMs.value = loaded.run.nowMs ?? loaded.run.durationMs;
  });
}

function startClock(): () => void {
  let frame = requestAnimationFrame(tick);
  let lastMs = 0;
  function tick(atMs: number): void {
    if (atMs - lastMs >= TICK_MS) {
      lastMs = atMs;
      nowMs.value = (shownRun.peek()?.nowMs ?? 0) + performance.now() - arrivedAtMs;
    }
    frame = requestAnimationFrame(tick);
  }
  return () => cancelAnimationFrame(frame);
}
