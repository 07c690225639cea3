import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { GraphHit } from '../../scene/graph-hit.ts';
import { describeEdge, describeGroup } from '../../scene/graph-words.ts';
import { shownName } from '../../scene/texts.ts';
import { stepFacts } from '../../scene/timeline-words.ts';
import type { RunView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { StateLabel } from '../ui/state.tsx';
import type { Point } from './gestures.ts';
import type { GraphModel } from './graph-model.ts';

/** What is pointed at, in full. Readers of the screen have it in the list. */
export function Tip({ model }: { readonly model: GraphModel }): JSX.Element | null {
  const element = useRef<HTMLDivElement>(null);
  const hovered = model.hovered.value;
  const run = model.drawn.value?.run;
  useLayoutEffect(() => {
    if (element.current && hovered) place(element.current, hovered.at);
  });
  if (!hovered || !run) return null;
  return (
    <div class="popover" ref={element} aria-hidden="true">
      <Content hit={hovered.hit} run={run} />
    </div>
  );
}

function Content({ hit, run }: { readonly hit: GraphHit; readonly run: RunView }): JSX.Element {
  if (hit.kind === 'step') return <StepContent run={run} index={hit.item.step} />;
  const lines = hit.kind === 'edge' ? describeEdge(run, hit.item) : [describeGroup(run, hit.item)];
  return (
    <>
      {lines.map((line, at) => (
        <p key={at} class={at === 0 ? 'title' : ''}>
          {at === 0 ? <strong>{line}</strong> : line}
        </p>
      ))}
    </>
  );
}

function StepContent({ run, index }: { readonly run: RunView; readonly index: number }): JSX.Element {
  const step = run.steps[index]!;
  const ms = (step.endMs ?? nowMs.value) - (step.startMs ?? 0);
  return (
    <>
      <p class="title">
        <strong>{shownName(step)}</strong>
      </p>
      <p>
        <StateLabel state={step.state} />
      </p>
      <dl>
        {stepFacts(step, ms, []).map(([heading, text]) => (
          <div key={heading}>
            <dt>{heading}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const GAP = 14;

/** Beside the pointer, within the window. */
function place(element: HTMLElement, { x, y }: Point): void {
  const { width, height } = element.getBoundingClientRect();
  const canvas = element.parentElement!.getBoundingClientRect();
  const [left, top] = [canvas.left + x + GAP, canvas.top + y + GAP];
  element.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  element.style.top = `${top + height + GAP > innerHeight ? top - height - 2 * GAP : top}px`;
}
