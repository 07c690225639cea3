import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { openStore } from '../inspector/open-store.ts';
import { type InspectorServer, startInspector } from '../inspector/serve.ts';
import type { TraceStore } from '../inspector/store.ts';
import { findInspector, INSPECTOR_PORT, inspectorHas } from './find-inspector.ts';

/** A run that is to be shown. */
interface ShownRun {
  readonly traceId: string;
  readonly spans: readonly ReceivedSpan[];
  /** Where it is kept, with others that it can be held against; undefined when nothing is kept. */
  readonly store: TraceStore | undefined;
}

/** Shows a run in the page: in the Inspector that runs already, if it has it, else in one of its own, which ends with Ctrl-C. */
export async function showPage({ traceId, spans, store }: ShownRun, signal: AbortSignal): Promise<void> {
  const running = await findInspector();
  if (running !== undefined && (await inspectorHas(traceId))) {
    process.stdout.write(`See it in the Inspector: ${running}/run/${traceId}\n`);
    return;
  }
  await using memory = openStore();
  if (!store) memory.add(spans);
  await using inspector = await startSomewhere(store ?? memory, running === undefined);
  process.stdout.write(`See it in the Inspector: ${inspector.url}/run/${traceId} (Ctrl-C ends it)\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

/** @param isUsual whether to try the usual port first, for whoever has its address in the browser */
async function startSomewhere(store: TraceStore, isUsual: boolean): Promise<InspectorServer> {
  const options = { store, storeName: 'the demo' };
  const usual = isUsual ? await startInspector({ ...options, port: INSPECTOR_PORT }).catch(() => undefined) : undefined;
  return usual ?? startInspector(options);
}
