import { findDrawn, type GraphSelection } from '../../scene/graph-selection.ts';
import type { GraphScene } from '../../scene/graph-items.ts';
import type { GraphLayout } from '../../scene/layout-graph.ts';
import type { RunView } from '../../view/run-view.ts';
import { findSelection } from '../details/selection.ts';

/** What is drawn of what the address says is selected; an attempt is its step. */
export function findSelected(run: RunView, scene: GraphScene, layout: GraphLayout, selected: string): GraphSelection {
  const found = findSelection(run, selected);
  switch (found.kind) {
    case 'step':
    case 'group':
      return findDrawn(found, scene, layout);
    case 'attempt':
      return findDrawn({ kind: 'step', at: run.steps.indexOf(found.step) }, scene, layout);
    case 'edge':
      return findDrawn({ kind: 'edge', at: run.edges.indexOf(found.edge) }, scene, layout);
    default:
      return {};
  }
}
