import type { GraphInput } from '../../scene/graph-input.ts';
import type { GraphLayout } from '../../scene/layout-graph.ts';
import { isSavedFile } from '../source.ts';

/** What the worker is asked, and what it answers. */
export interface LayoutQuestion {
  readonly id: number;
  readonly input: GraphInput;
}
export interface LayoutAnswer {
  readonly id: number;
  readonly layout: GraphLayout;
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, PromiseWithResolvers<GraphLayout>>();

/** Lays a graph out in a worker, so that the page does not stand still. Rejects where there can be none. */
export async function startLayout(input: GraphInput): Promise<GraphLayout> {
  worker ??= startWorker();
  lastId += 1;
  worker.postMessage({ id: lastId, input } satisfies LayoutQuestion, { transfer: [] });
  const answer = Promise.withResolvers<GraphLayout>();
  waiting.set(lastId, answer);
  return answer.promise;
}

function startWorker(): Worker {
  const started = new Worker(isSavedFile ? savedWorker() : '/layout-worker.js');
  started.addEventListener('message', ({ data: { id, layout } }: MessageEvent<LayoutAnswer>) => {
    waiting.get(id)?.resolve(layout);
    waiting.delete(id);
  });
  started.addEventListener('error', () => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new Error('the worker that lays out graphs did not start'));
    waiting.clear();
  });
  return started;
}

/** A saved file holds the worker as text. */
function savedWorker(): string {
  const source = document.getElementById('layout-worker')?.textContent ?? '';
  return URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
}
