import { layoutGraph } from '../scene/layout-graph.ts';
import type { LayoutAnswer, LayoutQuestion } from './graph/layouter.ts';

addEventListener('message', ({ data: { id, input } }: MessageEvent<LayoutQuestion>) => {
  const layout = layoutGraph(input);
  const transfer = [layout.edges, layout.streams].map(({ curves }) => curves.buffer);
  postMessage({ id, layout } satisfies LayoutAnswer, { transfer });
});
