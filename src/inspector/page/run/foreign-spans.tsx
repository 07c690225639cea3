import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { count, formatDuration } from '../../../explain/format.ts';
import { source } from '../source.ts';
import { type SpanItem, spanItem, SpanTree } from '../span-tree.ts';
import { Mark } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';

/** So many spans are drawn. */
const MOST = 500;

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
      <ul class="list">
        {items.value.slice(0, MOST).map((item) => (
          <li key={item.spanId} style={{ paddingInlineStart: `${Math.min(item.depth, 20) * 14}px` }}>
            {item.hasFailed && <Mark state="failure" />} {showName(item.name)}{' '}
            <small>
              {formatDuration(item.endMs - item.startMs)} {showName(item.service)}
            </small>
          </li>
        ))}
        {items.value.length > MOST && <li class="dim">and {(items.value.length - MOST).toLocaleString('en')} more</li>}
      </ul>
    </section>
  );
}
