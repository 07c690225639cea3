import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { count, formatDuration } from '../../../explain/format.ts';
import { List } from '../details/parts.tsx';
import { source } from '../source.ts';
import { type SpanItem, spanItem, SpanTree } from '../span-tree.ts';
import { Mark } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';

/** What a trace without a run holds: its spans as a tree. */
export function ForeignSpans({ traceId }: { readonly traceId: string }): JSX.Element | null {
  const items = useSignal<readonly SpanItem[]>([]);
  useEffect(() => {
    // Why there is nothing is said above.
    source.spans(traceId).then(
      (traces) =>
        (items.value = Array.from(new SpanTree(traces).all(), ({ record, depth }) => spanItem(record, depth, 0))),
      () => {},
    );
  }, [traceId]);
  if (items.value.length === 0) return null;
  return (
    <section>
      <h2>{count(items.value.length, 'span')}</h2>
      <List
        items={items.value}
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
