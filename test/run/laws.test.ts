import * as fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { PlanInput, RunPlanOptions, RunResult, ToolContext } from '../../src/index.ts';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

type Behaviour = 'value' | 'promise' | 'throw' | 'reject' | 'reported' | 'abort' | 'slow';

interface Case {
  plan: PlanInput;
  behaviours: readonly Behaviour[];
  options: Pick<RunPlanOptions, 'onFailure' | 'scheduling' | 'maxConcurrency'>;
  cancelAt: number;
}

/** A plan whose tools depend on tools before them, told in any order; and how each tool behaves. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    edges: fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 12 }),
    strategy: fc.constantFrom('serial' as const, 'parallel' as const, 'dag' as const, undefined),
    shuffle: fc.infiniteStream(fc.nat()),
    behaviours: fc.array(
      fc.constantFrom<Behaviour>(
        'value',
        'value',
        'promise',
        'promise',
        'slow',
        'throw',
        'reject',
        'reported',
        'abort',
      ),
      { minLength: 12, maxLength: 12 },
    ),
    onFailure: fc.constantFrom('skip-dependents' as const, 'stop' as const, 'continue' as const, undefined),
    scheduling: fc.constantFrom('ready' as const, 'group' as const, undefined),
    maxConcurrency: fc.constantFrom(1, 2, 3, undefined),
    cancelAt: fc.integer({ min: 1, max: 40 }),
  })
  .map(({ edges, strategy, shuffle, behaviours, cancelAt, ...options }) => {
    const tools = edges.map((sources, index) => {
      const ids = index === 0 || strategy === 'parallel' ? [] : sources.map((source) => `t${source % index}`);
      return { tool_id: `t${index}`, tool_type: 'tool', depends_on: [...new Set(ids)] };
    });
    const keyed = tools.map((tool) => ({ tool, key: shuffle.next().value as number }));
    const plan = {
      tools: keyed.toSorted((a, b) => a.key - b.key).map(({ tool }) => tool),
      ...(strategy && { strategy }),
    };
    return { plan, behaviours, options, cancelAt };
  });

const errors = {
  throw: new Error('thrown'),
  reject: new Error('rejected'),
  abort: new DOMException('aborted', 'AbortError'),
};

async function behave(behaviour: Behaviour): Promise<unknown> {
  if (behaviour === 'slow') await new Promise((resolve) => setImmediate(resolve));
  if (behaviour === 'reject' || behaviour === 'abort') throw errors[behaviour];
  return behaviour === 'reported' ? { success: false } : behaviour;
}

async function carryOut({ plan, behaviours, options, cancelAt }: Case) {
  const recording = record();
  const controller = new AbortController();
  const started: string[] = [];
  const finished = new Set<string>();
  const early: string[] = [];
  const dependencies = new Map(plan.tools.map(({ tool_id, depends_on }) => [tool_id, depends_on ?? []]));
  let [running, most] = [0, 0];
  const tool = (_params: object, { toolId, results }: ToolContext): unknown => {
    started.push(toolId);
    if (started.length === cancelAt) controller.abort();
    for (const id of dependencies.get(toolId)!)
      if (!finished.has(id) || !results.has(id)) early.push(`${toolId} before ${id}`);
    const behaviour = behaviours[Number(toolId.slice(1))]!;
    const done = (): void => void finished.add(toolId);
    if (behaviour === 'value' || behaviour === 'throw') {
      done();
      if (behaviour === 'throw') throw errors.throw;
      return behaviour;
    }
    most = Math.max(most, ++running);
    return behave(behaviour).finally(() => {
      running--;
      done();
    });
  };
  const result = await recording.runPlan(plan, { ...options, tools: { tool }, signal: controller.signal });
  return { recording, result, started, early, most, wasCancelled: controller.signal.aborted };
}

const all = (check: (testCase: Case) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(cases, check), { numRuns: 300 });
const count = (ids: readonly string[], id: string): number => ids.filter((each) => each === id).length;
const outcomesOf = ({ results }: RunResult): string[] => [...results.values()].map(({ outcome }) => outcome);

describe('for every plan, behaviour and policy', () => {
  it('no tool starts before what it depends on has settled', () =>
    all(async (testCase) => {
      const { early } = await carryOut(testCase);
      expect(early).toEqual([]);
    }));

  it('every tool has exactly one result, and was called once if it ran and never if not', () =>
    all(async (testCase) => {
      const { result, started } = await carryOut(testCase);
      expect([...result.results.keys()]).toEqual(testCase.plan.tools.map(({ tool_id }) => tool_id));
      for (const [id, { outcome, attempts, skipReason, stepId, success }] of result.results) {
        expect([stepId, count(started, id), attempts]).toEqual([
          id,
          outcome === 'skip' ? 0 : 1,
          outcome === 'skip' ? 0 : 1,
        ]);
        expect(skipReason !== undefined).toBe(outcome === 'skip');
        expect(success).toBe(outcome === 'success');
        expect(count(result.skippedSteps, id)).toBe(outcome === 'skip' ? 1 : 0);
        expect(count(result.failedSteps, id)).toBe(outcome === 'failure' ? 1 : 0);
      }
      expect(result.success).toBe(
        outcomesOf(result).every((each) => each === 'success' || each === 'skip') &&
          !result.skippedSteps.some((id) => result.results.get(id)?.skipReason === 'run cancelled') &&
          started.length < testCase.cancelAt,
      );
    }));

  it('the spans tell the same as the result: each step once, in its group, with its outcome', () =>
    all(async (testCase) => {
      const { recording, result } = await carryOut(testCase);
      expect(recording.open()).toEqual([]);
      const steps = recording.ofType('step');
      const bySpanId = new Map(recording.spans().map((span) => [span.spanContext().spanId, span]));
      const told = steps.map((step) => {
        const group = bySpanId.get(step.parentSpanContext?.spanId ?? '');
        return [
          attribute(step, 'tool_id'),
          attribute(step, 'outcome'),
          attribute(step, 'skip_reason'),
          attribute(group!, 'group_index'),
        ];
      });
      const expected = [...result.results.values()].map(({ stepId, outcome, skipReason, orchestration }) => [
        stepId,
        outcome,
        skipReason,
        orchestration.group_index,
      ]);
      const byId = (a: unknown[], b: unknown[]): number => String(a[0]).localeCompare(String(b[0]));
      expect(told.toSorted(byId)).toEqual(expected.toSorted(byId));
      expect(recording.ofType('run').length).toBe(1);
      const indexes = recording.ofType('group').map((group) => attribute(group, 'group_index'));
      expect(new Set(indexes).size).toBe(indexes.length);
      expect(indexes.length).toBe(result.orchestrationTrace.total_groups);
      const root = recording.ofType('run')[0]!;
      expect([
        attribute(root, 'failed') ?? [],
        attribute(root, 'skipped') ?? [],
        attribute(root, 'not_started'),
      ]).toEqual([result.failedSteps, result.skippedSteps, undefined]);
    }));

  it('no step lies outside its group, no group outside the run, in time', () =>
    all(async (testCase) => {
      const wall = vi
        .spyOn(Date, 'now')
        .mockImplementation(() => Math.floor(performance.timeOrigin + performance.now()));
      const { recording } = await carryOut(testCase);
      wall.mockRestore(); // nobody set the clock meanwhile
      const bySpanId = new Map(recording.spans().map((span) => [span.spanContext().spanId, span]));
      const at = ([seconds, nanoseconds]: readonly [number, number]): bigint =>
        BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
      const slack = 1_000_000n; // the clock of a span that starts is that of the wall, in milliseconds
      for (const span of recording.spans()) {
        const parent = bySpanId.get(span.parentSpanContext?.spanId ?? '');
        if (!parent) continue;
        expect(at(span.startTime) + slack >= at(parent.startTime)).toBe(true);
        expect(at(span.endTime) <= at(parent.endTime) + slack).toBe(true);
      }
    }));

  it('never more run at once than may', () =>
    all(async (testCase) => {
      const { most } = await carryOut(testCase);
      expect(most).toBeLessThanOrEqual(testCase.options.maxConcurrency ?? Infinity);
    }));

  it('nothing runs whose dependency did not succeed, unless asked to', () =>
    all(async (testCase) => {
      if (
        testCase.options.onFailure === 'continue' ||
        (testCase.options.onFailure === undefined && testCase.plan.strategy === 'parallel')
      )
        return;
      const { result } = await carryOut(testCase);
      for (const { tool_id, depends_on } of testCase.plan.tools) {
        const own = result.results.get(tool_id)!;
        for (const id of depends_on ?? []) {
          if (result.results.get(id)!.outcome !== 'success') expect(own.outcome).toBe('skip');
        }
      }
    }));
});
