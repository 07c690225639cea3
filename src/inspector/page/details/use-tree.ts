import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { shownRun, spanTree } from '../shown-run.ts';
import type { SpanTree } from '../span-tree.ts';

/** So many spans are loaded without being asked for. */
const MOST = 2000;

/** Spans that are there, are on their way, wait to be asked for, or cannot be had. */
export type LoadedTree =
  | { readonly tree: SpanTree }
  | { readonly fault: string }
  | { readonly isLoading: true }
  | { readonly load: () => void };

/**
 * A span and all below it, loaded when it is shown, and again when the run changes: what was there stays until then.
 *
 * @param spans how many they are: many of them are loaded only when asked for
 */
export function useTree(spanId: string, spans: number): Signal<LoadedTree> {
  const isWanted = useSignal(false);
  const loaded = useSignal<LoadedTree>({ isLoading: true });
  const run = shownRun.value;
  useEffect(() => {
    if (spans > MOST && !isWanted.value) {
      loaded.value = { load: () => (isWanted.value = true) };
      return;
    }
    let isCurrent = true;
    if (!('tree' in loaded.value)) loaded.value = { isLoading: true };
    spanTree(spanId).then(
      (tree) => isCurrent && (loaded.value = { tree }),
      (error: unknown) => isCurrent && (loaded.value = { fault: (error as Error).message }),
    );
    return () => (isCurrent = false);
  }, [spanId, run, isWanted.value]);
  return loaded;
}
