import { ATTR_ORCHESTRATION_WAIT_REASON, type WaitReason } from '../semconv.ts';
import { PlanFacts, type RunFacts, type StepFacts } from './facts.ts';
import { textAt } from './read-attributes.ts';
import type { DeclaredPlan, DeclaredTool, Run, Step } from './run.ts';

const WAIT_REASONS: readonly WaitReason[] = ['dependency', 'group', 'slot', 'unknown'];
const WHOLE_MS = 1_000_000n;
/** What older interfaces of backends keep of a time. */
const MICROSECOND_NS = 1_000;

/** What is known of a run that was read back. Without its plan, what its steps say of their dependencies counts. */
export function factsOfRun(run: Run): RunFacts {
  const steps = [...run.groups.flatMap((group) => group.steps), ...run.steps];
  const plan = new PlanFacts(run.plan ?? planOfSteps(run));
  const zeroNs = zeroOf(run, steps);
  const seen = seenSteps(steps, zeroNs, plan);
  const durationNs = Math.max(0, Number(run.endNs - zeroNs), ...(run.outcome ? [] : [lastOf(seen)]));
  const isFloored = seen.length > 0 && steps.every(({ span }) => !span || span.startNs % WHOLE_MS === 0n);
  return {
    plan,
    outcome: run.outcome,
    error: run.error,
    durationNs,
    clockNs: isFloored ? Number(WHOLE_MS) : MICROSECOND_NS,
    steps: seen,
    lost: new Set(steps.flatMap((step) => (step.absence === 'no span' && run.outcome ? step.toolId : []))),
  };
}

/** The start of the run; where nobody says, of the first step that says. */
function zeroOf(run: Run, steps: readonly Step[]): bigint {
  if (run.startNs > 0n) return run.startNs;
  let first = 0n;
  for (const { span } of steps)
    if (span && span.startNs > 0n && (first === 0n || span.startNs < first)) first = span.startNs;
  return first;
}

function lastOf(steps: readonly StepFacts[]): number {
  return steps.reduce((last, { endNs }) => Math.max(last, endNs), 0);
}

/** Steps with a span; and skips without one, which were no earlier than the end of what they need. */
function seenSteps(steps: readonly Step[], zeroNs: bigint, plan: PlanFacts): StepFacts[] {
  const seen: StepFacts[] = [];
  const ends = new Map<string, number>();
  let lastEnd = 0;
  for (const step of steps) {
    if (!step.span && step.outcome !== 'skip') continue;
    const needed = step.dependsOn.map((id) => ends.get(id) ?? 0);
    const ready = needed.reduce((last, end) => Math.max(last, end), plan.isSerial ? lastEnd : 0);
    const facts = step.span ? factsOfStep(step, step.span, zeroNs, plan) : factsOfSkip(step, ready, plan);
    seen.push(facts);
    lastEnd = facts.endNs;
    ends.set(step.toolId, Math.max(ends.get(step.toolId) ?? 0, lastEnd));
  }
  return seen;
}

function factsOfSkip(step: Step, atNs: number, plan: PlanFacts): StepFacts {
  return {
    toolId: step.toolId,
    tool: plan.index.get(step.toolId) ?? -1,
    iteration: step.iteration,
    startNs: atNs,
    endNs: atNs,
    outcome: 'skip',
    error: undefined,
    skipReason: step.reason,
    attempts: 1,
    retryNs: 0,
    waitReason: undefined,
    mappings: [],
  };
}

function factsOfStep(step: Step, span: NonNullable<Step['span']>, zeroNs: bigint, plan: PlanFacts): StepFacts {
  const since = (timeNs: bigint): number => (timeNs === 0n ? 0 : Number(timeNs - zeroNs));
  const startNs = since(span.startNs);
  const last = step.attempts.reduce(
    (latest, { span }) => (span.startNs > latest ? span.startNs : latest),
    span.startNs,
  );
  const said = textAt(span.attributes, ATTR_ORCHESTRATION_WAIT_REASON);
  return {
    toolId: step.toolId,
    tool: plan.index.get(step.toolId) ?? -1,
    iteration: step.iteration,
    startNs,
    endNs: Math.max(startNs, since(span.endNs)),
    outcome: step.outcome,
    error: step.error,
    skipReason: step.outcome === 'skip' ? step.reason : undefined,
    attempts: Math.max(1, step.attempts.length, step.attemptCount ?? 1),
    retryNs: Math.max(0, since(last) - startNs),
    waitReason: WAIT_REASONS.find((reason) => reason === said),
    span,
    mappings: step.mappings,
  };
}

/** The plan as far as steps tell it: for a run whose plan did not arrive. Empty where no step has a dependency. */
function planOfSteps(run: Run): DeclaredPlan {
  const steps = run.groups.map((group) => group.steps.filter(({ isPlanned }) => isPlanned));
  const isDeclared = steps.some((group) => group.some(({ dependsOn }) => dependsOn.length > 0));
  const groups = isDeclared ? steps.map((group) => uniqueTools(group)) : [];
  return { strategy: run.strategy, groups, error: undefined };
}

function uniqueTools(steps: readonly Step[]): DeclaredTool[] {
  return [...new Map(steps.map((step) => [step.toolId, step])).values()];
}
