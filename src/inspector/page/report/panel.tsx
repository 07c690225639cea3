import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

interface PanelProps {
  readonly title: string;
  /** Beside the title, e.g. a number or a button. */
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a report, with a heading. */
export function Panel({ title, beside, children }: PanelProps): JSX.Element {
  return (
    <section class="panel">
      <header>
        <h2>{title.charAt(0).toUpperCase() + title.slice(1)}</h2>
        {beside}
      </header>
      {children}
    </section>
  );
}

interface SomeProps<T> {
  readonly of: readonly T[];
  /** The others are counted. */
  readonly most: number;
  readonly children: (item: T, index: number) => JSX.Element;
}

/** The first items of a list; the others are there when they are asked for. */
export function Some<T>({ of: items, most, children }: SomeProps<T>): JSX.Element {
  const isOpen = useSignal(false);
  const shown = isOpen.value ? items.slice(0, MAX_ITEMS) : items.slice(0, most);
  const more = items.length - shown.length;
  return (
    <>
      <ul class="items">{shown.map(children)}</ul>
      {more > 0 && (
        <p class="dim">
          {isOpen.value ? (
            `and ${more} more`
          ) : (
            <button type="button" class="button" onClick={() => (isOpen.value = true)}>
              Show {Math.min(more, MAX_ITEMS - most)} more
            </button>
          )}
        </p>
      )}
    </>
  );
}

/** A list of more than these nobody reads: they can be copied where it matters. */
const MAX_ITEMS = 500;
