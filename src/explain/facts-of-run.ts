import { ATTR_ORCHESTRATION_ROOT_CAUSE, ATTR_ORCHESTRATION_WAIT_REASON, type WaitReason } from '../semconv.ts';
import { PlanFacts, type RunFacts, type StepFacts } from './facts.ts';
import { textAt } from './read/read-attributes.ts';
import type { Attributes, ReceivedSpan } from './read/received-span.ts';
import type { DeclaredPlan, DeclaredTool, Run, Step } from './read/run.ts';
import { stepsOf } from './read/steps-of.ts';

const WAIT_REASONS: readonly WaitReason[] = ['dependency', 'group', 'slot', 'unknown'];
const WHOLE_MS = 1_000_000n;
/** What older interfaces of backends keep of a time. */
const MICROSECOND_NS = 1_000;

/** What is known of a run that was read back. Without its plan, what its steps say of their dependencies counts. */
export function factsOfRun(run: Run): RunFacts {
  const steps = stepsOf(run);
  const plan = run.plan
    ? new PlanFacts(run.plan)
    : new PlanFacts(
        planOfSteps(run),
        run.groups.map(({ groupIndex }) => groupIndex),
      );
  const zeroNs = zeroOf(run, steps);
  const seen = seenSteps(steps, zeroNs, plan, new Clocks(run.span));
  const hasEnded = run.span !== undefined;
  const durationNs = Math.max(0, Number(run.endNs - zeroNs), ...(hasEnded ? [] : [lastOf(seen)]));
  // One step of a finer clock among others does not make theirs finer.
  const isFloored = steps.some(({ span }) => span && span.startNs % WHOLE_MS === 0n);
  const withSpan = new Set(seen.map(({ tool }) => tool));
  const lostPasses = lostStepsOf(run);
  return {
    plan,
    isLoose: !hasEnded && run.planSpans.length === 0 && run.groups.length === 0,
    isDetached: run.isDetached === true,
    hasEnded,
    outcome: run.outcome,
    error: run.error,
    rootCause: run.span && textAt(run.span.attributes, ATTR_ORCHESTRATION_ROOT_CAUSE),
    cancelReason: run.cancelReason,
    durationNs,
    clockNs: isFloored ? Number(WHOLE_MS) : MICROSECOND_NS,
    steps: seen,
    lost: new Set(
      lostPasses.filter(({ toolId }) => !withSpan.has(plan.index.get(toolId) ?? -1)).map(({ toolId }) => toolId),
    ),
    hasLostPass: lostPasses.length > 0,
  };
}

/** The steps of a run that has ended of which no span arrived, be it one pass of a tool that has others. */
export function lostStepsOf(run: Run): Step[] {
  if (!run.span) return [];
  return stepsOf(run).filter(({ absence }) => absence === 'no span');
}

/** The start of the run; where nobody says, of the first step that says. */
export function zeroOf(run: Run, steps: readonly Step[] = stepsOf(run)): bigint {
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
function seenSteps(steps: readonly Step[], zeroNs: bigint, plan: PlanFacts, clocks: Clocks): StepFacts[] {
  const seen: StepFacts[] = [];
  const ends = new Map<string, number>();
  let lastEnd = 0;
  for (const step of steps) {
    if (!step.span && step.outcome !== 'skip') continue;
    const needed = step.dependsOn.map((id) => ends.get(id) ?? 0);
    const ready = needed.reduce((last, end) => Math.max(last, end), plan.isSerial ? lastEnd : 0);
    const facts = step.span ? factsOfStep(step, step.span, zeroNs, plan, clocks) : factsOfSkip(step, ready, plan);
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
    retryError: undefined,
    waitReason: undefined,
    clock: 0,
    mappings: [],
  };
}

function factsOfStep(step: Step, span: ReceivedSpan, zeroNs: bigint, plan: PlanFacts, clocks: Clocks): StepFacts {
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
    retryError: step.attempts.findLast(({ span, error }) => span.startNs < last && error !== undefined)?.error,
    waitReason: WAIT_REASONS.find((reason) => reason === said),
    clock: clocks.of(span.resource),
    span,
    mappings: step.mappings,
  };
}

/** Numbers the machines that spans come from: what one sends is of one clock. That of the run is 0. */
class Clocks {
  readonly #known = new Map<Attributes, number>();
  readonly #numbers = new Map<string, number>();

  /** @param run of a run without a span of its own, the first machine that is asked for is 0 */
  constructor(run: ReceivedSpan | undefined) {
    if (run) this.of(run.resource);
  }

  of(resource: Attributes): number {
    const known = this.#known.get(resource);
    if (known !== undefined) return known;
    const host = textAt(resource, 'host.id') ?? textAt(resource, 'host.name') ?? '';
    const number = this.#numbers.get(host) ?? this.#numbers.size;
    this.#numbers.set(host, number);
    this.#known.set(resource, number);
    return number;
  }
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
