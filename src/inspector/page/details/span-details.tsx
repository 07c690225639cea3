import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { RunView } from '../../view/run-view.ts';
import { spanItem } from '../span-tree.ts';
import { Link } from '../ui/link.tsx';
import { showName } from '../ui/texts.ts';
import { Inside } from './inside.tsx';
import { At, ErrorText, Facts, Head } from './parts.tsx';
import { RawSpan } from './raw-span.tsx';
import { nameSpan } from './selection.ts';
import { useTree } from './use-tree.ts';

/** A span of anybody. */
export function SpanDetails({ run, spanId }: { readonly run: RunView; readonly spanId: string }): JSX.Element {
  const record = useTree(spanId, 1).value?.find(spanId);
  const item = record && spanItem(record, 0, run.startedAtMs);
  const parent = record?.span.parentSpanId;
  return (
    <>
      <Head kind="Span" name={item?.name ?? spanId} state={item?.hasFailed ? 'failure' : undefined} />
      {item?.hasFailed && <ErrorText text={record?.span.status?.message} />}
      {item && (
        <Facts
          facts={[
            ['Took', formatDuration(item.endMs - item.startMs)],
            ['Started', <At run={run} ms={item.startMs} />],
            ['Kind', item.kind],
            ['Service', showName(item.service)],
            [
              'Parent',
              parent !== undefined && <Link to={{ selected: nameSpan(run, parent) }}>{describeSpan(run, parent)}</Link>,
            ],
          ]}
        />
      )}
      <Inside spanId={spanId} spans={1} />
      <RawSpan spanId={spanId} spans={1} />
    </>
  );
}

function describeSpan(run: RunView, spanId: string): string {
  const [kind = '', name = ''] = nameSpan(run, spanId).split(/:(.*)/s, 2);
  return showName(kind === 'attempt' ? 'attempt' : `${kind} ${name}`.trim());
}
