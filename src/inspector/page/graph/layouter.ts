import type { GraphInput } from '../../scene/graph-input.ts';
import { type GraphLayout, layoutGraph } from '../../scene/layout-graph.ts';
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

/** Steps and edges that are laid out at once: a worker takes longer to start. */
const SMALL = 1500;

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, { readonly input: GraphInput; readonly resolve: (layout: GraphLayout) => void }>();

/** Lays a graph out: a small one at once, a large one by a worker, or here where there can be none. */
export function startLayout(input: GraphInput): GraphLayout | Promise<GraphLayout> {
  if (input.groupOf.length + input.from.length <= SMALL) return layoutGraph(input);
  try {
    worker ??= startWorker();
  } catch {
    return layoutGraph(input);
  }
  lastId += 1;
  worker.postMessage({ id: lastId, input } satisfies LayoutQuestion, { transfer: [] });
  return new Promise((resolve) => waiting.set(lastId, { input, resolve }));
}

function startWorker(): Worker {
  const started = new Worker(isSavedFile ? savedWorker() : '/layout-worker.js');
  started.addEventListener('message', ({ data: { id, layout } }: MessageEvent<LayoutAnswer>) => {
    waiting.get(id)?.resolve(layout);
    waiting.delete(id);
  });
  started.addEventListener('error', () => {
    worker = undefined;
    for (const { input, resolve } of waiting.values()) resolve(layoutGraph(input));
    waiting.clear();
  });
  return started;
}

/** A saved file holds the worker as text. */
function savedWorker(): string {
  const source = document.getElementById('layout-worker')?.textContent ?? '';
  return URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
}
