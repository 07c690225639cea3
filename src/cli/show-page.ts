import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { openStore } from '../inspector/open-store.ts';
import { startInspector } from '../inspector/serve.ts';
import { INSPECTOR_PORT } from './find-inspector.ts';
import type { KeptTraces } from './keep-traces.ts';
import { untilAborted } from './until-aborted.ts';

/** A run that is to be shown. */
interface ShownRun {
  readonly traceId: string;
  readonly spans: readonly ReceivedSpan[];
  /** Where it is kept, with others that it can be held against; undefined when nothing is kept. */
  readonly kept: KeptTraces | undefined;
}

/** Shows a run in an Inspector of its own, which ends with Ctrl-C: at the usual port where that is free, for whoever has its address in the browser. */
export async function showPage({ traceId, spans, kept }: ShownRun, signal: AbortSignal): Promise<void> {
  await using memory = openStore();
  if (!kept) memory.add(spans);
  const options = { store: kept?.store ?? memory, storeName: kept?.file ?? 'memory' };
  await using inspector = await startInspector({ ...options, port: INSPECTOR_PORT }).catch(() =>
    startInspector(options),
  );
  process.stdout.write(`See it in the Inspector: ${inspector.url}/run/${traceId} (Ctrl-C ends it)\n`);
  await untilAborted(signal);
}
