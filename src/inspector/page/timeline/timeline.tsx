import { useSignalEffect } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { RunView } from '../../view/run-view.ts';
import { Axis, Grid } from './axis.tsx';
import { Controls } from './controls.tsx';
import { Legend } from './legend.tsx';
import { NameEdge, nameWidthFor } from './name-width.tsx';
import { startLoadingSpans } from './open-spans.ts';
import { Overview } from './overview.tsx';
import { TimelineKeys } from './timeline-keys.tsx';
import { TimelineModel } from './timeline-model.ts';
import { Tip } from './tip.tsx';
import { Tree } from './tree.tsx';
import { useAddress } from './use-address.ts';
import { useWheel } from './use-wheel.ts';

/** A run on a time axis: groups, steps and what is below them as rows, from the whole run down to a span. */
export function Timeline({ run }: { readonly run: RunView }): JSX.Element {
  const model = useMemo(() => new TimelineModel(run), []);
  useLayoutEffect(() => void (model.run.value = run), [run]);
  useEffect(startLoadingSpans, []);
  const element = useRef<HTMLElement>(null);
  useWheel(element, model);
  useNameWidth(element, model);
  return (
    <section class="timeline" aria-label="Timeline" ref={element}>
      <TimelineKeys model={model} />
      <Address model={model} />
      <Head model={model} />
      <div class="timeline-main">
        <Grid model={model} />
        <Tree model={model} />
        <NameEdge model={model} />
        {run.steps.length === 0 && (
          <p class="timeline-empty">No steps {run.state === 'running' ? 'so far' : 'in this run'}.</p>
        )}
      </div>
      <Legend />
      <Tip model={model} />
    </section>
  );
}

function Head({ model }: { readonly model: TimelineModel }): JSX.Element {
  return (
    <div class="timeline-head">
      <Controls model={model} />
      <div style={{ width: `${model.plotWidth.value}px` }}>
        <Overview model={model} />
        <Axis model={model} />
      </div>
    </div>
  );
}

/** A component of its own: what it reads changes often. */
function Address({ model }: { readonly model: TimelineModel }): null {
  useAddress(model);
  return null;
}

/** Fits the names to the window once its width is known, and whenever it changes. */
function useNameWidth(element: RefObject<HTMLElement | null>, model: TimelineModel): void {
  useSignalEffect(() => {
    if (model.width.value > 0) model.nameWidth.value = nameWidthFor(model.width.value);
  });
  useSignalEffect(() => element.current?.style.setProperty('--names', `${model.nameWidth.value}px`));
}
