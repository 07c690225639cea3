import type { GraphInput } from '../../scene/graph-input.ts';
import type { GraphLayout } from '../../scene/layout-graph.ts';
import { isSavedFile } from '../source.ts';

/** Lays a graph out in a worker, so that the page does not stand still. Rejects where there can be none. */
export async function startLayout(input: GraphInput): Promise<GraphLayout> {
  const url = workerUrl();
  const worker = new Worker(url);
  const answer = Promise.withResolvers<GraphLayout>();
  worker.addEventListener('message', ({ data }: MessageEvent<GraphLayout>) => answer.resolve(data));
  worker.addEventListener('error', () => answer.reject(new Error('the worker that lays out graphs did not start')));
  worker.postMessage(input, { transfer: [] });
  return answer.promise.finally(() => {
    worker.terminate();
    URL.revokeObjectURL(url);
  });
}

/** A saved file holds the worker as text. */
function workerUrl(): string {
  if (!isSavedFile) return '/layout-worker.js';
  const source = document.getElementById('layout-worker')?.textContent ?? '';
  return URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
}
