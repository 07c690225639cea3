import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { List } from '../details/parts.tsx';
import { source } from '../source.ts';
import { type SpanItem, spanItem, SpanTree } from '../span-tree.ts';
import { Mark } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';
import { useLoaded } from '../use-loaded.ts';

/** What a trace without a run holds: its spans as a tree. */
export function ForeignSpans({ traceId }: { readonly traceId: string }): JSX.Element | null {
  const load = async (): Promise<SpanItem[]> => {
    const tree = new SpanTree(await source.spans(traceId));
    return Array.from(tree.all(), ({ record, depth }) => spanItem(record, depth, 0));
  };
  // Why there is nothing is said above.
  const { value: items = [] } = useLoaded(load, [traceId]) ?? {};
  if (items.length === 0) return null;
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
