import type { Analysis } from './analysis.ts';
import { hasOneClock, ran } from './facts.ts';
import { count, formatNs } from './format.ts';

export type DifferenceKind =
  | 'not_started'
  | 'no_span'
  | 'skipped'
  | 'extra'
  | 'early'
  | 'out_of_order'
  | 'retried'
  | 'repeated'
  | 'wider'
  | 'narrower';

/** One way in which a run was not what its plan says. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** Undefined for a whole group. */
  readonly toolId: string | undefined;
  readonly groupIndex: number | undefined;
  /** In words. */
  readonly text: string;
}

/** Every way in which a run was not what its plan says; empty for a run without a plan. By kind, then in the order of the plan or of time. */
export function findDifferences(analysis: Analysis): Difference[] {
  const { say, facts } = analysis;
  const { plan, lost } = facts;
  if (plan.tools.length === 0) return [];
  const { notStarted } = analysis.failures;
  const groupOf = (toolId: string): number | undefined => plan.groupOf[plan.index.get(toolId) ?? -1];
  const of = (kind: DifferenceKind, toolId: string, text: string): Difference => {
    return { kind, toolId, groupIndex: groupOf(toolId), text: `${say.name(toolId)} ${text}` };
  };
  return [
    ...notStarted.map((toolId) => of('not_started', toolId, facts.hasEnded ? 'did not start' : 'has no span yet')),
    ...[...lost].map((toolId) => of('no_span', toolId, 'has no span: it did not arrive')),
    ...stepDifferences(analysis, of),
    ...groupDifferences(analysis),
  ];
}

function stepDifferences(
  analysis: Analysis,
  of: (kind: DifferenceKind, toolId: string, text: string) => Difference,
): Difference[] {
  const { say, graph, facts } = analysis;
  const { steps, start, end, early } = graph;
  const [skipped, extra, retried, repeated]: Difference[][] = [[], [], [], []] as const;
  const passes = new Int32Array(facts.plan.tools.length);
  for (const step of steps) {
    const { toolId, tool, skipReason, attempts, retryNs } = step;
    if (!ran(step)) skipped.push(of('skipped', toolId, `was skipped: ${say.reason(skipReason, 200)}`));
    else if (tool < 0) extra.push(of('extra', toolId, 'ran, and the plan does not have it'));
    else passes[tool]! += 1;
    if (attempts > 1)
      retried.push(of('retried', toolId, `took ${attempts} attempts; the last started after ${formatNs(retryNs)}`));
  }
  for (const [tool, times] of passes.entries())
    if (times > 1) repeated.push(of('repeated', facts.plan.tools[tool]!.toolId, `ran ${times} times`));
  const before = early.map(({ step, dependency }) => {
    const by = formatNs(end[dependency]! - start[step]!);
    return of(
      'early',
      steps[step]!.toolId,
      `started ${by} before ${say.name(steps[dependency]!.toolId)}, which it needs, had ended`,
    );
  });
  return [...skipped, ...extra, ...before, ...outOfOrder(analysis, of), ...retried, ...repeated];
}

/** Steps of a serial plan that started before the step before them did. */
function outOfOrder(
  { say, graph: { steps, start }, facts: { plan, clockNs } }: Analysis,
  of: (kind: DifferenceKind, toolId: string, text: string) => Difference,
): Difference[] {
  if (!plan.isSerial) return [];
  const firstStart = new Float64Array(plan.tools.length).fill(-1);
  for (const [step, { tool }] of steps.entries())
    if (tool >= 0 && ran(steps[step]!) && (firstStart[tool]! < 0 || start[step]! < firstStart[tool]!))
      firstStart[tool] = start[step]!;
  const found: Difference[] = [];
  let previous = -1;
  for (let tool = 0; tool < plan.tools.length; tool += 1) {
    if (firstStart[tool]! < 0) continue;
    if (previous >= 0 && firstStart[tool]! < firstStart[previous]! - clockNs) {
      const before = say.name(plan.tools[previous]!.toolId);
      found.push(
        of('out_of_order', plan.tools[tool]!.toolId, `started before ${before}, which comes before it in the plan`),
      );
    }
    previous = tool;
  }
  return found;
}

function groupDifferences({ groups, parallelism, facts }: Analysis): Difference[] {
  const { plan } = facts;
  // Times of two clocks do not tell what ran at once.
  if (!hasOneClock(facts)) return [];
  if (plan.isSerial) {
    const { peak } = parallelism;
    const text = `the plan is serial, but up to ${count(peak, 'step')} ran at once`;
    return peak > 1 ? [{ kind: 'wider', toolId: undefined, groupIndex: undefined, text }] : [];
  }
  return groups.flatMap(({ groupIndex, declared, parallelism: { peak, possiblePeak } }) => {
    const kind = peak > declared ? 'wider' : peak < Math.min(possiblePeak, declared) ? 'narrower' : undefined;
    if (kind === undefined || peak === 0) return [];
    const text = `group ${groupIndex} may run ${count(declared, 'tool')} at once; at most ${peak} did`;
    return { kind, toolId: undefined, groupIndex, text };
  });
}
