import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { itemsBelow } from '../shown-run.ts';
import { Link } from '../ui/link.tsx';
import { Mark } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';
import { List, Section } from './parts.tsx';
import { useTree } from './use-tree.ts';

interface InsideProps {
  readonly spanId: string;
  /** How many there are. */
  readonly spans: number;
}

/** What was called inside a step, whoever tells it: requests, queries, attempts. */
export function Inside({ spanId, spans }: InsideProps): JSX.Element | null {
  const { value: tree } = useTree(spanId, spans);
  // The raw span below says what is in the way.
  if (!tree) return null;
  const items = itemsBelow(tree, spanId);
  // Attempts have a list of their own.
  if (items.every(({ attempt }) => attempt !== undefined)) return null;
  return (
    <Section title={`Inside: ${count(items.length, 'span')}`}>
      <List
        class="inside"
        items={items}
        most={100}
        item={({ spanId, name, attempt, hasFailed, startMs, endMs }) => (
          <>
            <Link class="name-link" to={{ selected: `${attempt === undefined ? 'span' : 'attempt'}:${spanId}` }}>
              {hasFailed && <Mark state="failure" />}
              {showName(name)}
            </Link>{' '}
            <small>{formatDuration(endMs - startMs)}</small>
          </>
        )}
      />
    </Section>
  );
}
