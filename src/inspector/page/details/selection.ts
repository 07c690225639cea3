import type { AttemptView, EdgeView, GroupView, RunView, StepView } from '../../view/run-view.ts';

/** What is selected, looked up in its run. */
export type Selection =
  | { readonly kind: 'run' }
  | { readonly kind: 'group'; readonly group: GroupView; readonly at: number }
  | { readonly kind: 'step'; readonly step: StepView; readonly at: number }
  | { readonly kind: 'attempt'; readonly step: StepView; readonly attempt: AttemptView }
  | { readonly kind: 'edge'; readonly edge: EdgeView }
  | { readonly kind: 'span'; readonly spanId: string }
  /** It is not in this run. */
  | { readonly kind: 'nothing'; readonly name: string };

/** @param selected as `Shown.selected` has it; the run itself for none */
export function findSelection(run: RunView, selected: string): Selection {
  const [, kind, name = ''] = /^([a-z]+)(?::(.*))?$/s.exec(selected || 'run') ?? [];
  switch (kind) {
    case 'run':
      return { kind };
    case 'span':
      return { kind, spanId: name };
    case 'group': {
      const at = run.groups.findIndex(({ groupIndex }) => String(groupIndex) === name);
      const group = run.groups[at];
      return group ? { kind, group, at } : { kind: 'nothing', name: selected };
    }
    case 'step': {
      const at = run.steps.findIndex(({ key }) => key === name);
      const step = run.steps[at];
      return step ? { kind, step, at } : { kind: 'nothing', name: selected };
    }
    case 'attempt':
      for (const step of run.steps)
        for (const attempt of step.attempts) if (attempt.spanId === name) return { kind, step, attempt };
      break;
    case 'edge': {
      const edge = run.edges.find(({ from, to }) => `${run.steps[from]?.key}>${run.steps[to]?.key}` === name);
      if (edge) return { kind, edge };
      break;
    }
  }
  return { kind: 'nothing', name: selected };
}

/** As `Shown.selected` has it: what a span stands for, if it does. */
export function nameSpan(run: RunView, spanId: string): string {
  const names = known.get(run) ?? namesOfSpans(run);
  known.set(run, names);
  return names.get(spanId) ?? `span:${spanId}`;
}

/** Remembered, because a search asks for many. */
const known = new WeakMap<RunView, ReadonlyMap<string | undefined, string>>();

function namesOfSpans({ runSpanId, groups, steps }: RunView): Map<string | undefined, string> {
  return new Map([
    [runSpanId, 'run'],
    ...groups.map(({ spanId, groupIndex }) => [spanId, `group:${groupIndex}`] as const),
    ...steps.map(({ spanId, key }) => [spanId, `step:${key}`] as const),
    ...steps.flatMap(({ attempts }) => attempts.map(({ spanId }) => [spanId, `attempt:${spanId}`] as const)),
  ]);
}

/** A pass of a tool; without its number the last one, which says whether the tool is done. */
export function stepOfTool({ steps }: RunView, toolId: string, iteration?: number): StepView | undefined {
  const passes = steps.filter((step) => step.toolId === toolId && step.iteration === (iteration ?? step.iteration));
  return passes.findLast(({ isPlanned }) => isPlanned) ?? passes[0];
}

/** Steps that failed: the root cause first, then by when they failed. */
export function failedSteps({ steps, explanation: { rootCause } }: RunView): StepView[] {
  const rank = (step: StepView): number => (step.toolId === rootCause ? -1 : (step.endMs ?? step.startMs ?? Infinity));
  return steps
    .filter(({ state }) => state === 'failure' || state === 'error' || state === 'timeout')
    .toSorted((a, b) => rank(a) - rank(b) || 0);
}
