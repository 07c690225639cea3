import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { isTraceId, NOTHING } from '../address.ts';
import { List } from '../details/parts.tsx';
import { loadFault } from '../load-run.ts';
import { backToList } from '../run-list/way-back.ts';
import { isSavedFile, source } from '../source.ts';
import { type SpanItem, spanItem, SpanTree } from '../span-tree.ts';
import { Link } from '../ui/link.tsx';
import { show, shown } from '../url-state.ts';
import { useLoaded } from '../use-loaded.ts';
import { ForeignSpans } from './foreign-spans.tsx';

/** What there is at an address as long as there is no run, and where there is none. */
export function NoRun(): JSX.Element {
  const { traceId, run } = shown.value;
  if (isSavedFile || isTraceId(traceId))
    return loadFault.value === undefined ? (
      <p class="loading">Loading the run …</p>
    ) : (
      <TraceWithout key={traceId + run} traceId={traceId} run={run} fault={loadFault.value} />
    );
  return traceId.startsWith('/') ? (
    <Nothing title="There is nothing at this address" />
  ) : (
    <FirstDigits key={traceId} of={traceId} />
  );
}

function Nothing({ title, children }: { readonly title: string; readonly children?: JSX.Element }): JSX.Element {
  return (
    <div class="no-run">
      <h1>{title}</h1>
      {children}
      {!isSavedFile && (
        <p>
          <Link to={backToList()}>All runs</Link>
        </p>
      )}
    </div>
  );
}

interface TraceProps {
  readonly traceId: string;
  readonly run: string;
  readonly fault: string;
}

/** Of a trace that is there and holds no run, what is in it. */
function TraceWithout({ traceId, run, fault }: TraceProps): JSX.Element {
  const load = async (): Promise<SpanItem[]> => {
    if (run !== '') return [];
    const tree = new SpanTree(await source.spans(traceId));
    return Array.from(tree.all(), ({ record, depth }) => spanItem(record, depth, 0));
  };
  const loaded = useLoaded(load, [fault]);
  if (!loaded) return <p class="loading">Looking for its spans …</p>;
  const { value: items = [] } = loaded;
  const isThere = items.length > 0;
  return (
    <Nothing title={isThere ? 'A trace without a run' : 'No run to show'}>
      <>
        <p class={isThere ? 'notice' : 'notice is-fault'} role={isThere ? undefined : 'alert'}>
          {fault}
        </p>
        {isThere ? (
          <ForeignSpans items={items} />
        ) : (
          !isSavedFile && <p>If something of it arrives, this page shows it.</p>
        )}
      </>
    </Nothing>
  );
}

/** The trace that begins with these digits is shown; of several, each can be. */
function FirstDigits({ of: digits }: { readonly of: string }): JSX.Element {
  const { value, fault } = useLoaded(() => source.runs(), [digits]) ?? {};
  const traces = new Set([...(value?.runs ?? []), ...(value?.otherTraces ?? [])].map(({ traceId }) => traceId));
  const found = [...traces].filter((traceId) => traceId.startsWith(digits));
  const only = found.length === 1 ? found[0] : undefined;
  useEffect(() => {
    if (only !== undefined) show({ traceId: only }, false);
  }, [only]);
  if (fault !== undefined) return <Nothing title={fault} />;
  if (!value || only !== undefined) return <p class="loading">Looking for {digits} …</p>;
  return (
    <Nothing title={`${found.length === 0 ? 'No trace begins' : `${found.length} traces begin`} with ${digits}`}>
      <List items={found} item={(traceId) => <Link to={{ ...NOTHING, traceId }}>{traceId}</Link>} />
    </Nothing>
  );
}
