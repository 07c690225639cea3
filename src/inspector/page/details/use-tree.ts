import { useSignal } from '@preact/signals';
import { shownRun, spanTree } from '../shown-run.ts';
import type { SpanTree } from '../span-tree.ts';
import { type Loaded, useLoaded } from '../use-loaded.ts';

/** So many spans are loaded without being asked for. */
const MOST = 2000;

/** Spans that are there, are on their way, wait to be asked for, or cannot be had. */
interface LoadedTree extends Loaded<SpanTree> {
  /** Asks for them. */
  readonly load?: (() => void) | undefined;
}

/**
 * A span and all below it, loaded when it is shown, and again when the run changes.
 *
 * @param spans how many they are: many of them are loaded only when asked for
 */
export function useTree(spanId: string, spans: number): LoadedTree {
  const isWanted = useSignal(spans <= MOST);
  const dependencies = [spanId, shownRun.value, isWanted.value];
  const loaded = useLoaded(isWanted.value ? () => spanTree(spanId) : undefined, dependencies);
  return { ...loaded, load: isWanted.value ? undefined : () => (isWanted.value = true) };
}
