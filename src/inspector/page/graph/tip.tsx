import type { JSX } from 'preact';
import { describeEdge, describeGroup } from '../../scene/graph-words.ts';
import { shownName } from '../../scene/texts.ts';
import { stepFacts } from '../../scene/timeline-words.ts';
import { nowMs } from '../shown-run.ts';
import { Popover } from '../ui/popover.tsx';
import type { GraphModel } from './graph-model.ts';

/** What is pointed at, in full. Readers of the screen have it in the list. */
export function Tip({ model }: { readonly model: GraphModel }): JSX.Element | null {
  const hovered = model.hovered.value;
  const run = model.drawn.value?.run;
  if (!hovered || !run) return null;
  const { hit, at } = hovered;
  if (hit.kind === 'step') {
    const step = run.steps[hit.item.step]!;
    const ms = (step.endMs ?? nowMs.value) - (step.startMs ?? 0);
    return (
      <Popover key={step.key} at={at} title={shownName(step)} state={step.state} facts={stepFacts(step, ms, [])} />
    );
  }
  const [title = '', ...lines] = hit.kind === 'edge' ? describeEdge(run, hit.item) : [describeGroup(run, hit.item)];
  return <Popover key={title} at={at} title={title} lines={lines} />;
}
