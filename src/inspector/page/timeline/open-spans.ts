import { batch, computed, effect, signal } from '@preact/signals';
import type { OpenSteps, SpanBelow } from '../../scene/timeline-rows.ts';
import { itemsBelow, shownRun, spanTree } from '../shown-run.ts';
import { shown } from '../url-state.ts';
import { readList } from './shown-lists.ts';

const openText = computed(() => shown.value.open);
/** By key of the step, all that was loaded: of a run that changed, what was there before stays until there is more. */
const loaded = signal<OpenSteps>(new Map());

/** Steps that are open, with what is below them. */
export const openSpans = computed<OpenSteps>(() => {
  const keys = readList(openText.value, 'string');
  return new Map(keys.map((key) => [key, loaded.value.get(key)]));
});

/** Loads what is below open steps, now and whenever others are opened or the run changes. Gives how to end it. */
export function startLoadingSpans(): () => void {
  let runSpanId: string | undefined;
  const stop = effect(() => {
    const run = shownRun.value;
    const keys = new Set(readList(openText.value, 'string'));
    if (run?.runSpanId !== runSpanId) loaded.value = new Map();
    runSpanId = run?.runSpanId;
    for (const { key, spanId } of run?.steps ?? []) {
      if (!keys.has(key) || spanId === undefined) continue;
      const keep = (spans: readonly SpanBelow[] | string): void => {
        if (shownRun.peek() === run) loaded.value = new Map([...loaded.peek(), [key, spans]]);
      };
      spanTree(spanId).then(
        (tree) => keep(itemsBelow(tree, spanId)),
        (error: unknown) => keep(`its spans cannot be loaded: ${(error as Error).message}`),
      );
    }
  });
  return () => batch(stop);
}
