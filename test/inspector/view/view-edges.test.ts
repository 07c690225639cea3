import { expect, it } from 'vitest';
import { viewEdges } from '../../../src/inspector/view/view-edges.ts';
import { madeView } from '../made-views.ts';

it('shows 200,000 edges at most', () => {
  const toolIds = Array.from({ length: 450 }, (_, number) => `t${number}`);
  const { steps } = madeView({ steps: toolIds.map((toolId) => ({ toolId, dependsOn: toolIds })), edges: [] });
  expect(viewEdges(steps, [])).toHaveLength(200_000);
});
