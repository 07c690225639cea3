import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { List } from '../details/parts.tsx';
import type { SpanItem } from '../span-tree.ts';
import { Mark } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';

/** What a trace without a run holds: its spans as a tree. */
export function ForeignSpans({ items }: { readonly items: readonly SpanItem[] }): JSX.Element {
  return (
    <section>
      <h2>{count(items.length, 'span')}</h2>
      <List
        items={items}
        most={500}
        item={({ name, service, hasFailed, startMs, endMs }) => (
          <>
            {hasFailed && <Mark state="failure" />} {showName(name)}{' '}
            <small>
              {formatDuration(endMs - startMs)} {showName(service)}
            </small>
          </>
        )}
      />
    </section>
  );
}
