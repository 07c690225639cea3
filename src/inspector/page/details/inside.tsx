import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { shownRun } from '../shown-run.ts';
import { type SpanItem, spanItem, type SpanTree } from '../span-tree.ts';
import { Link } from '../ui/link.tsx';
import { Mark } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';
import { Section } from './parts.tsx';
import { useTree } from './use-tree.ts';

/** So many spans are listed. */
const MOST = 100;

interface InsideProps {
  readonly spanId: string;
  /** How many there are. */
  readonly spans: number;
}

/** What was called inside a step, whoever tells it: requests, queries, attempts. */
export function Inside({ spanId, spans }: InsideProps): JSX.Element | null {
  const loaded = useTree(spanId, spans).value;
  // The raw span below says what is in the way.
  if (!('tree' in loaded)) return null;
  const items = itemsBelow(loaded.tree, spanId);
  // Attempts have a list of their own.
  if (items.every(({ attempt }) => attempt !== undefined)) return null;
  return (
    <Section title={`Inside: ${count(items.length, 'span')}`}>
      <ul class="list inside">
        {items.slice(0, MOST).map((item) => (
          <li key={item.spanId} style={{ paddingInlineStart: `${Math.min(item.depth, 8) * 12}px` }}>
            <Link
              class="name-link"
              to={{ selected: `${item.attempt === undefined ? 'span' : 'attempt'}:${item.spanId}` }}
            >
              {item.hasFailed && <Mark state="failure" />}
              {showName(item.name)}
            </Link>{' '}
            <small>{formatDuration(item.endMs - item.startMs)}</small>
          </li>
        ))}
        {items.length > MOST && <li class="dim">and {(items.length - MOST).toLocaleString('en')} more</li>}
      </ul>
    </Section>
  );
}

function itemsBelow(tree: SpanTree, spanId: string): SpanItem[] {
  const run = shownRun.value;
  const steps = new Set(run?.steps.map((step) => step.spanId));
  return Array.from(
    tree.below(spanId, (id) => steps.has(id)),
    ({ record, depth }) => spanItem(record, depth, run?.startedAtMs ?? 0),
  );
}
