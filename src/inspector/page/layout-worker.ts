import type { GraphInput } from '../scene/graph-input.ts';
import { layoutGraph } from '../scene/layout-graph.ts';

addEventListener('message', ({ data }: MessageEvent<GraphInput>) => {
  const layout = layoutGraph(data);
  postMessage(layout, { transfer: [layout.edges.curves.buffer] });
});
