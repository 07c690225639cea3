import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { graphInputOf } from '../../scene/graph-input.ts';
import { graphScene } from '../../scene/graph-scene.ts';
import { renderGraphSvg } from '../../scene/graph-svg.ts';
import type { RunView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { palette } from '../theme.ts';
import { Controls } from './controls.tsx';
import { GraphCanvas } from './graph-canvas.tsx';
import { GraphKeys } from './graph-keys.tsx';
import { GraphList } from './graph-list.tsx';
import { collapsedGroups, GraphModel } from './graph-model.ts';
import type { GraphStage } from './graph-stage.ts';
import { startLayout } from './layouter.ts';
import { Legend } from './legend.tsx';
import { Tip } from './tip.tsx';

/** A run as a graph: who needs whom, who reads whose output, and what decides how long it takes. */
export function Graph({ run }: { readonly run: RunView }): JSX.Element {
  const model = useMemo(() => new GraphModel(run), []);
  const stage = useRef<GraphStage>(null);
  useLayoutEffect(() => void (model.run.value = run), [run]);
  useEffect(() => model.start(), []);
  return (
    <section class="graph" aria-label="Graph">
      <GraphKeys model={model} stage={stage} />
      <GraphCanvas model={model} stage={stage} />
      <Controls stage={stage} />
      <Legend entries={model.scene.value?.legend ?? []} />
      <Notice model={model} />
      <GraphList model={model} />
      <Tip model={model} />
    </section>
  );
}

/** What there is to say where there is no graph to see. */
function Notice({ model }: { readonly model: GraphModel }): JSX.Element {
  const { steps, state } = model.run.value;
  const isEmpty = steps.length === 0 && model.run.value.groups.length === 0;
  const count = model.layingOut.value;
  return (
    <p class="graph-notice" role="status">
      {count !== undefined && `Laying out ${count.toLocaleString('en')} steps…`}
      {model.hasFailed.value && 'The graph could not be laid out: the browser started no worker. Reload the page.'}
      {isEmpty && `No steps ${state === 'running' ? 'so far' : 'in this run'}.`}
    </p>
  );
}

/** The graph as it is shown, as a picture. */
export async function graphSvgOf(run: RunView): Promise<string> {
  const layout = await startLayout(graphInputOf(run, collapsedGroups(run)));
  return renderGraphSvg(graphScene(run, layout), palette.peek(), nowMs.peek());
}
