import { graphInputOf } from '../../../src/inspector/scene/graph-input.ts';
import type { GraphScene } from '../../../src/inspector/scene/graph-items.ts';
import { graphScene } from '../../../src/inspector/scene/graph-scene.ts';
import { type GraphLayout, layoutGraph } from '../../../src/inspector/scene/layout-graph.ts';
import type { RunView } from '../../../src/inspector/view/run-view.ts';
import { madeView } from '../made-views.ts';

/** Two lookups, what aggregates them and calls something, a report; one lookup failed with much slack. */
export function sampleView(): RunView {
  const view = madeView({
    planName: 'ci-overview',
    verdict: '3.40 s. Critical path primary > aggregate > report.',
    steps: [
      { toolId: 'primary', toolType: 'ci_lookup', group: 0, startMs: 0, endMs: 1200, isCritical: true },
      { toolId: 'secondary', toolType: 'ci_lookup', group: 0, startMs: 0, endMs: 300, slackMs: 850, attemptCount: 2 },
      { toolId: 'notify', group: 0, state: 'failure', startMs: 0, endMs: 30, slackMs: 3000, error: 'no mail' },
      {
        toolId: 'aggregate',
        group: 1,
        startMs: 1200,
        endMs: 2500,
        isCritical: true,
        dependsOn: ['primary', 'secondary'],
        outputMapping: { type: '{primary.data.rows[0].ci_type}' },
      },
      { toolId: 'query', group: 1, calledBy: 'aggregate', isPlanned: false, startMs: 1300, endMs: 1400 },
      {
        toolId: 'report',
        group: 2,
        startMs: 2500,
        endMs: 3400,
        isCritical: true,
        dependsOn: ['aggregate'],
        outputMapping: { rows: '{aggregate.data}', title: '{aggregate.data.title}' },
      },
    ],
  });
  const undeclared = { field: 'rows', ref: '{secondary.data.rows}' };
  const edge = { from: 1, to: 5, kind: 'data' as const, isDeclared: false, mappings: [undeclared], isCritical: false };
  return { ...view, edges: [...view.edges, edge] };
}

export interface Drawn {
  readonly scene: GraphScene;
  readonly layout: GraphLayout;
}

export function draw(view: RunView, collapsed: readonly number[] = []): Drawn {
  const layout = layoutGraph(graphInputOf(view, collapsed));
  return { layout, scene: graphScene(view, layout) };
}
