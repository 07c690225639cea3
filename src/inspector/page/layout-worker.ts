import type { GraphInput } from '../scene/graph-input.ts';
import { layoutGraph } from '../scene/layout-graph.ts';

addEventListener('message', ({ data }: MessageEvent<GraphInput>) => {
  const layout = layoutGraph(data);
  const transfer = [layout.edges, layout.streams].map(({ curves }) => curves.buffer);
  postMessage(layout, { transfer });
});
