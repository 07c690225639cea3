import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createExecutionPlanTrace,
  type Loop,
  type Outcome,
  type PlanInput,
  type PlanToolInput,
  type RunPlanOptions,
  type RunResult,
  type ToolContext,
} from '../../src/index.ts';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

/** How often a tool fails before it succeeds, and how: at once, later, or by not answering in time. */
interface Behaviour {
  readonly failures: number;
  readonly kind: 'sync' | 'async' | 'slow' | 'hang';
}

interface Case {
  readonly plan: PlanInput;
  readonly behaviours: Readonly<Record<string, Behaviour>>;
  readonly options: Pick<RunPlanOptions, 'onFailure' | 'scheduling' | 'maxConcurrency' | 'maxIterations'>;
  /** Whether shouldRun is asked, and answers by a promise. */
  readonly asks: 'never' | 'sync' | 'async';
  /** The run is cancelled at this call of a tool; never with 0. */
  readonly cancelAt: number;
}

const MAX_TOOLS = 8;
const RUNS = Number(process.env['ORCHESTRACE_LAW_RUNS'] ?? 200);

const toolArbitrary = fc.record({
  sources: fc.array(fc.nat(), { maxLength: 3 }),
  join: fc.constantFrom('all' as const, 'all' as const, 'any' as const),
  hasCondition: fc.boolean(),
  condition: fc.constantFrom('exists' as const, 'not_exists' as const),
  maxAttempts: fc.constantFrom(undefined, undefined, 1, 2, 3),
  failures: fc.constantFrom(0, 0, 0, 0, 1, 2, 9),
  kind: fc.constantFrom('sync' as const, 'async' as const, 'async' as const, 'slow' as const, 'hang' as const),
});

/** Plans of tools that depend on tools before them, with everything that a plan can say. */
function casesOf(most: { loops: number; cancels: boolean }): fc.Arbitrary<Case> {
  return fc
    .record({
      specs: fc.array(toolArbitrary, { minLength: 1, maxLength: MAX_TOOLS }),
      strategy: fc.constantFrom('serial' as const, 'dag' as const, 'dag' as const),
      shuffle: fc.array(fc.nat(), { minLength: MAX_TOOLS, maxLength: MAX_TOOLS }),
      loops: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: most.loops }),
      onFailure: fc.constantFrom('skip-dependents' as const, 'stop' as const, 'continue' as const),
      scheduling: fc.constantFrom('ready' as const, 'group' as const),
      maxConcurrency: fc.constantFrom(1, 2, undefined),
      maxIterations: fc.constantFrom(1, 2, 3),
      asks: fc.constantFrom('never' as const, 'sync' as const, 'async' as const),
      cancelAt: most.cancels ? fc.integer({ min: 0, max: 12 }) : fc.constant(0),
    })
    .map(({ specs, strategy, shuffle, loops, asks, cancelAt, ...options }) => {
      const declared = specs.map((spec, index): PlanToolInput => {
        const depends_on = index === 0 ? [] : [...new Set(spec.sources.map((source) => `t${source % index}`))];
        const isAny = spec.join === 'any';
        const ref = `{${depends_on[0]}.data.ok}`; // a result that failed has none
        return {
          tool_id: `t${index}`,
          tool_type: 'tool',
          depends_on,
          join: spec.join,
          ...(spec.maxAttempts && { retry: { max_attempts: spec.maxAttempts } }),
          ...(spec.kind === 'hang' && { timeout_ms: 1 }),
          ...(spec.hasCondition && !isAny && depends_on.length > 0 && { condition: { ref, op: spec.condition } }),
        };
      });
      const pairs = loops.map(([a, b]): Loop => {
        const [from, to] = [a % specs.length, b % specs.length];
        return { from: `t${Math.max(from, to)}`, to: `t${Math.min(from, to)}` };
      });
      const tools = declared.toSorted((a, b) => shuffle[idOf(a)]! - shuffle[idOf(b)]!);
      const { execution_groups } = createExecutionPlanTrace({ strategy, tools });
      const groupOf = (id: string): number =>
        execution_groups.findIndex((group) => group.tools.some(({ tool_id }) => tool_id === id));
      const back = pairs.filter(({ from, to }) => groupOf(from) >= groupOf(to));
      const plan: PlanInput = { strategy, tools, ...(back.length > 0 && { loops: back }) };
      const behaviours = Object.fromEntries(
        specs.map(({ failures, kind }, index) => [`t${index}`, { failures, kind }]),
      );
      return { plan, behaviours, options, asks: pairs.length > 0 && asks === 'never' ? 'sync' : asks, cancelAt };
    });
}

const idOf = ({ tool_id }: PlanToolInput): number => Number(tool_id.slice(1));

/** What happened to a tool: it was called, or its step was over. */
interface Event {
  readonly what: 'start' | 'end';
  readonly toolId: string;
  readonly iteration: number;
}

async function carryOut({ plan, behaviours, options, asks, cancelAt }: Case) {
  const recording = record();
  const controller = new AbortController();
  const events: Event[] = [];
  const running = new Set<string>();
  let [calls, most] = [0, 0];
  const tool = (_params: object, { toolId, attempt, iteration, signal }: ToolContext): unknown => {
    if (++calls === cancelAt) controller.abort();
    if (attempt === 1) events.push({ what: 'start', toolId, iteration });
    running.add(`${toolId} ${attempt} ${iteration}`);
    most = Math.max(most, running.size);
    const done = (): void => void running.delete(`${toolId} ${attempt} ${iteration}`);
    const { failures, kind } = behaviours[toolId]!;
    const isFailing = attempt <= failures;
    if (kind === 'sync') {
      done();
      if (isFailing) throw new Error(`${toolId} failed`);
      return { ok: true };
    }
    if (kind === 'hang' && isFailing) {
      signal.addEventListener('abort', done);
      return new Promise(() => {});
    }
    const answer = async (): Promise<object> => {
      if (kind === 'slow') await new Promise((resolve) => setImmediate(resolve));
      if (isFailing) throw new Error(`${toolId} failed`);
      return { ok: true };
    };
    return answer().finally(done);
  };
  const shouldRun: RunPlanOptions['shouldRun'] = () => (asks === 'async' ? Promise.resolve(true) : true);
  const result = await recording.runPlan(plan, {
    ...options,
    tools: { tool },
    signal: controller.signal,
    ...(asks !== 'never' && { shouldRun }),
  });
  return { recording, result, events, most, wasCancelled: controller.signal.aborted };
}

/** What must come of a plan without loops that is not cancelled, by its rules alone. Needs no order of events. */
function modelOf({ plan, behaviours, options }: Case): Record<string, string> {
  const settled: Record<string, string> = {};
  const isSkip = (id: string): boolean => !['success', 'failure', 'timeout'].includes(settled[id]!);
  for (const tool of plan.tools.toSorted((a, b) => idOf(a) - idOf(b))) {
    const { tool_id, depends_on = [], join, retry, condition } = tool;
    const failed = depends_on.find((id) => settled[id] !== 'success' && !isSkip(id));
    const skipped = depends_on.find(isSkip);
    const isJoined = join === 'any' && depends_on.some((id) => settled[id] === 'success');
    const source = depends_on[0];
    if (!isJoined && failed && options.onFailure !== 'continue') settled[tool_id] = `dependency failed: ${failed}`;
    else if (!isJoined && skipped) settled[tool_id] = `dependency skipped: ${skipped}`;
    else if (condition && (settled[source!] === 'success') !== (condition.op === 'exists'))
      settled[tool_id] = 'condition not met';
    else {
      const { failures, kind } = behaviours[tool_id]!;
      const isFailing = failures >= (retry?.max_attempts ?? 1);
      settled[tool_id] = isFailing ? (kind === 'hang' ? 'timeout' : 'failure') : 'success';
    }
  }
  return settled;
}

const shown = ({ results }: RunResult): Record<string, string> =>
  Object.fromEntries([...results].map(([id, { outcome, skipReason }]) => [id, skipReason ?? outcome]));

/** Ids of the tools that some loop repeats: those on a way from its start to its end, in a serial run those between the two. */
function membersOf({ tools, loops = [] }: PlanInput, order: readonly string[] | undefined): Set<string>[] {
  const above = (id: string): Set<string> => {
    const found = new Set([id]);
    for (const each of found)
      for (const { tool_id, depends_on } of tools) if (depends_on?.includes(each)) found.add(tool_id);
    return found;
  };
  return loops.map(({ from, to }) => {
    if (order) return new Set(order.slice(order.indexOf(to), order.indexOf(from) + 1)).add(from).add(to);
    return new Set([from, to, ...[...above(to)].filter((id) => above(id).has(from))]);
  });
}

const all = (cases: fc.Arbitrary<Case>, check: (testCase: Case) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(cases, check), { numRuns: RUNS });
const everything = casesOf({ loops: 3, cancels: true });
const FAILING: readonly Outcome[] = ['failure', 'error', 'timeout'];

describe('for every plan with conditions, joins, retries, timeouts and loops', { timeout: 60_000 }, () => {
  it('the run ends, with one result for each tool in the order of the plan, and says itself how it went', () =>
    all(everything, async (testCase) => {
      const { result, recording, wasCancelled } = await carryOut(testCase);
      expect([...result.results.keys()]).toEqual(testCase.plan.tools.map(({ tool_id }) => tool_id));
      const outcomes = [...result.results].map(([id, { outcome }]) => [id, outcome] as const);
      const idsOf = (isSuch: (outcome: Outcome) => boolean): string[] =>
        outcomes.filter(([, outcome]) => isSuch(outcome)).map(([id]) => id);
      expect(result.failedSteps.toSorted()).toEqual(idsOf((outcome) => FAILING.includes(outcome)).toSorted());
      expect(result.skippedSteps.toSorted()).toEqual(idsOf((outcome) => outcome === 'skip').toSorted());
      if (!wasCancelled) expect(result.success).toBe(result.failedSteps.length === 0);
      expect(recording.open()).toEqual([]);
    }));

  it('never more run at once than may', () =>
    all(everything, async (testCase) => {
      const { most } = await carryOut(testCase);
      expect(most).toBeLessThanOrEqual(testCase.options.maxConcurrency ?? Infinity);
    }));

  it('what is not repeated starts once, and nothing that it depends on starts after it, unless one was enough', () =>
    all(casesOf({ loops: 1, cancels: true }), async (testCase) => {
      const { plan } = testCase;
      const { events, result } = await carryOut(testCase);
      const { strategy, execution_groups } = result.orchestrationTrace;
      const order = strategy === 'serial' ? execution_groups.map(({ tools }) => tools[0]!.tool_id) : undefined;
      const bodies = membersOf(plan, order);
      const startsOf = (id: string): number[] => events.flatMap((event, at) => (event.toolId === id ? [at] : []));
      for (const { tool_id, depends_on = [], join } of plan.tools) {
        const starts = startsOf(tool_id);
        if (!bodies.some((members) => members.has(tool_id))) expect(starts.length).toBeLessThanOrEqual(1);
        if (join === 'any') continue;
        for (const source of depends_on) {
          const isTogether = bodies.some((members) => members.has(tool_id) && members.has(source));
          if (!isTogether && starts.length > 0) expect(Math.max(-1, ...startsOf(source))).toBeLessThan(starts[0]!);
        }
      }
    }));

  it('a loop comes no more often than it may', () =>
    all(casesOf({ loops: 1, cancels: false }), async (testCase) => {
      const { events } = await carryOut(testCase);
      for (const { tool_id } of testCase.plan.tools)
        expect(events.filter(({ toolId }) => toolId === tool_id).length).toBeLessThanOrEqual(
          testCase.plan.loops ? testCase.options.maxIterations! : 1,
        );
    }));

  it('the spans tell the same as the result: every turn a step, every try an attempt, the last turn is the result', () =>
    all(everything, async (testCase) => {
      const { recording, result, events } = await carryOut(testCase);
      const steps = recording.ofType('step');
      for (const { tool_id, retry } of testCase.plan.tools) {
        const turns = steps.filter((step) => attribute(step, 'tool_id') === tool_id);
        const ran = turns.filter((step) => attribute(step, 'outcome') !== 'skip');
        const started = events.filter(({ toolId }) => toolId === tool_id);
        expect(ran.map((step) => attribute(step, 'iteration') ?? 1)).toEqual(started.map(({ iteration }) => iteration));
        const { outcome, skipReason, attempts } = result.results.get(tool_id)!;
        const last = turns.at(-1)!;
        expect([attribute(last, 'outcome'), attribute(last, 'skip_reason')]).toEqual([outcome, skipReason]);
        if (outcome === 'skip') continue;
        expect(attribute(last, 'attempt_count')).toBe(attempts);
        const { spanId } = last.spanContext();
        const below = recording
          .ofType('attempt')
          .filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId);
        expect(below.length).toBe((retry?.max_attempts ?? 1) > 1 ? attempts : 0);
        const lastTry = below.at(-1) && attribute(below.at(-1)!, 'outcome');
        if (lastTry && !(outcome === 'cancellation' && lastTry !== 'success')) expect(lastTry).toBe(outcome); // cancelled between attempts
        expect(last.status.code).toBe(FAILING.includes(outcome) ? 2 : 0);
      }
      const parents = new Map(recording.spans().map((span) => [span.spanContext().spanId, span]));
      for (const step of steps) {
        const group = parents.get(step.parentSpanContext?.spanId ?? '');
        const { group_index } = result.results.get(String(attribute(step, 'tool_id')))!.orchestration;
        expect(group && [attribute(group, 'span.type'), attribute(group, 'group_index')]).toEqual([
          'group',
          group_index,
        ]);
      }
    }));
});

describe('for every plan without loops that is not cancelled', { timeout: 60_000 }, () => {
  it('skipped is exactly what the policy says, and the rest ends as its tools do', () =>
    all(casesOf({ loops: 0, cancels: false }), async (testCase) => {
      if (testCase.options.onFailure === 'stop') return; // depends on what had started by then
      const { result, recording } = await carryOut(testCase);
      expect(shown(result)).toEqual(modelOf(testCase));
      const root = recording.ofType('run')[0]!;
      expect([attribute(root, 'failed') ?? [], attribute(root, 'skipped') ?? []]).toEqual([
        result.failedSteps,
        result.skippedSteps,
      ]);
    }));

  it('stop starts nothing more after the first failure is known', () =>
    all(casesOf({ loops: 0, cancels: false }), async (testCase) => {
      if (testCase.options.onFailure !== 'stop') return;
      const { result } = await carryOut({ ...testCase, options: { ...testCase.options, maxConcurrency: 1 } });
      expect(result.failedSteps.length).toBeLessThanOrEqual(1);
      const model = modelOf(testCase);
      for (const [id, outcome] of Object.entries(shown(result)))
        if (!/^run stopped|^dependency/.test(outcome)) expect([id, outcome]).toEqual([id, model[id]]);
    }));
});
