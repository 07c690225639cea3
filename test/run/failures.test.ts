import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanInput, RunPlanOptions, RunResult } from '../../src/index.ts';
import { attribute, record, useContextManager, type Recording } from '../helpers/spans.ts';

beforeAll(useContextManager);

const error = new Error('own');
const tools: RunPlanOptions['tools'] = {
  ok: (_params, { toolId }) => toolId,
  bad: () => {
    throw error;
  },
  late: async () => {
    await Promise.resolve();
    throw error;
  },
};
const ok = (tool_id: string, ...depends_on: string[]) => ({ tool_id, tool_type: 'ok', depends_on });
const bad = (tool_id: string, ...depends_on: string[]) => ({ tool_id, tool_type: 'bad', depends_on });
const late = (tool_id: string, ...depends_on: string[]) => ({ tool_id, tool_type: 'late', depends_on });

async function run(
  plan: PlanInput,
  options: Partial<RunPlanOptions> = {},
): Promise<{ shown: Record<string, string>; result: RunResult; recording: Recording }> {
  const recording = record();
  const result = await recording.runPlan(plan, { tools, ...options });
  const shown = Object.fromEntries(
    [...result.results].map(([id, { outcome, skipReason }]) => [id, skipReason ?? outcome]),
  );
  return { shown, result, recording };
}

const dag: PlanInput = {
  strategy: 'dag',
  tools: [ok('a'), bad('b'), ok('c', 'b'), ok('d', 'c', 'a'), ok('e', 'a'), late('f', 'e'), ok('g', 'f')],
};

describe('a dag with failures', () => {
  it.each(['ready', 'group'] as const)('skips what depends on them and runs the rest (%s)', async (scheduling) => {
    const { shown, result, recording } = await run(dag, { scheduling });
    expect(shown).toEqual({
      a: 'success',
      b: 'failure',
      c: 'dependency failed: b',
      d: 'dependency skipped: c',
      e: 'success',
      f: 'failure',
      g: 'dependency failed: f',
    });
    expect([result.success, result.failedSteps, result.finalOutput]).toEqual([false, ['b', 'f'], {}]);
    expect(result.skippedSteps.toSorted()).toEqual(['c', 'd', 'g']);
    expect(result.results.get('b')?.error).toBe(error);
    const root = recording.ofType('run')[0]!;
    expect([attribute(root, 'root_cause'), attribute(root, 'blast_radius'), attribute(root, 'outcome')]).toEqual([
      'b',
      2,
      'failure',
    ]);
    expect([root.status, root.attributes['error.type']]).toEqual([{ code: 2, message: 'own' }, 'Error']);
  });

  it('stops at the first with onFailure: stop', async () => {
    const { shown } = await run(dag, { onFailure: 'stop', maxConcurrency: 1 });
    expect(shown).toEqual({
      a: 'success',
      b: 'failure',
      c: 'dependency failed: b',
      d: 'dependency skipped: c',
      e: 'run stopped: b failed',
      f: 'dependency skipped: e',
      g: 'dependency skipped: f',
    });
  });

  it('runs everything with onFailure: continue', async () => {
    const { shown, result } = await run(dag, { onFailure: 'continue' });
    expect(shown).toEqual({
      a: 'success',
      b: 'failure',
      c: 'success',
      d: 'success',
      e: 'success',
      f: 'failure',
      g: 'success',
    });
    expect([result.success, result.finalOutput]).toEqual([false, { d: 'd', g: 'g' }]);
  });

  it('lets a tool read what a failed one left, with onFailure: continue', async () => {
    const plan: PlanInput = {
      tools: [
        { tool_id: 'partial' },
        {
          tool_id: 'after',
          depends_on: ['partial'],
          output_mapping: { rows: '{partial.data.rows}', error: '{partial.error}', success: '{partial.success}' },
        },
      ],
    };
    const partial = { execute: () => ({ success: false, data: { rows: 1 }, error: 'half' }), envelope: true };
    const result = await record().runPlan(plan, {
      tools: { partial, after: (params) => params },
      onFailure: 'continue',
    });
    expect(result.results.get('after')?.data).toEqual({ rows: 1, error: 'half', success: false });
  });
});

describe('a serial plan with a failure', () => {
  const plan: PlanInput = { strategy: 'serial', tools: [ok('a'), bad('b'), ok('c'), ok('d', 'b'), ok('e', 'd')] };

  it('stops at it', async () => {
    const { shown, result } = await run(plan);
    expect(shown).toEqual({
      a: 'success',
      b: 'failure',
      c: 'run stopped: b failed',
      d: 'dependency failed: b',
      e: 'dependency skipped: d',
    });
    expect([result.finalOutput, result.failedSteps]).toEqual(['a', ['b']]);
  });

  it('goes on past what does not need it with onFailure: skip-dependents', async () => {
    const { shown } = await run(plan, { onFailure: 'skip-dependents' });
    expect(shown).toEqual({
      a: 'success',
      b: 'failure',
      c: 'success',
      d: 'dependency failed: b',
      e: 'dependency skipped: d',
    });
  });

  it('runs everything with onFailure: continue', async () => {
    const { shown } = await run(plan, { onFailure: 'continue' });
    expect(shown).toEqual({ a: 'success', b: 'failure', c: 'success', d: 'success', e: 'success' });
  });
});

describe('a parallel plan with a failure', () => {
  const plan: PlanInput = { strategy: 'parallel', tools: [ok('a'), bad('b'), ok('c')] };

  it.each([undefined, 'skip-dependents', 'continue'] as const)(
    'finishes its group (onFailure: %s)',
    async (onFailure) => {
      const { shown, result } = await run(plan, onFailure && { onFailure });
      expect(shown).toEqual({ a: 'success', b: 'failure', c: 'success' });
      expect(result.finalOutput).toEqual(['a', 'c']);
    },
  );

  it('starts no more with onFailure: stop', async () => {
    const { shown } = await run(plan, { onFailure: 'stop', maxConcurrency: 1 });
    expect(shown).toEqual({ a: 'success', b: 'failure', c: 'run stopped: b failed' });
  });
});

describe('a skipped step', () => {
  it('has a result and a span that say why', async () => {
    const { result, recording } = await run(dag);
    expect({ ...result.results.get('c') }).toMatchInlineSnapshot(`
      {
        "attempts": 0,
        "data": undefined,
        "error": undefined,
        "executionTimeMs": 0,
        "orchestration": {
          "depends_on": [
            "b",
          ],
          "execution_order": 0,
          "group_index": 1,
          "output_mapping": {},
          "tool_id": "c",
        },
        "outcome": "skip",
        "skipReason": "dependency failed: b",
        "stepId": "c",
        "success": false,
      }
    `);
    const step = recording.span('step c');
    expect([attribute(step, 'skip_reason'), attribute(step, 'outcome'), step.status.code, step.duration]).toEqual([
      'dependency failed: b',
      'skip',
      0,
      [0, 1], // a nanosecond, which viewers take without a warning
    ]);
  });
});
