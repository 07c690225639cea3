import { computed, signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

/** Something that a key does. */
export interface Key {
  /** As `KeyboardEvent.key` has them, e.g. `ArrowDown` or `j`; any of them. */
  readonly keys: readonly string[];
  /** In words, for the list of keys. */
  readonly does: string;
  readonly run: (event: KeyboardEvent) => void;
}

interface Area {
  readonly name: string;
  readonly keys: readonly Key[];
}

const areas = signal<readonly Area[]>([]);

/** What keys do at the moment, by part of the page: what `?` shows. */
export const keyAreas = computed((): readonly Area[] =>
  Array.from(
    Map.groupBy(areas.value, ({ name }) => name),
    ([name, same]) => ({ name, keys: same.flatMap(({ keys }) => keys) }),
  ),
);

/** Lets keys do something as long as a component is there. Of keys that are given twice, the later one counts. */
export function useKeys(name: string, keys: readonly Key[]): void {
  // Before what they act on is seen: a key that is pressed then is meant.
  useLayoutEffect(() => {
    const area = { name, keys };
    areas.value = [...areas.peek(), area];
    return () => (areas.value = areas.peek().filter((other) => other !== area));
  });
}

/** Does what a key does, unless it is typed into a field, presses a button, or belongs to the browser. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as HTMLElement | null;
  if (target?.closest('dialog, [role=menu]')) return;
  if (target?.closest('input, select, textarea, [contenteditable]') && event.key !== 'Escape') return;
  if (target?.closest('a, button, summary') && (event.key === 'Enter' || event.key === ' ')) return;
  for (const { keys } of areas.peek().toReversed()) {
    const key = keys.find((key) => key.keys.includes(event.key));
    if (!key) continue;
    event.preventDefault();
    key.run(event);
    return;
  }
}
