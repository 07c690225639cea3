import { describe, expect, it } from 'vitest';
import { record } from '../helpers/spans.ts';

// No context manager in this file: what is active is never known.

const plan = { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };

describe('without a context manager', () => {
  it('a run of a plan is the same tree, since its parents are explicit', async () => {
    const recording = record();
    await recording.runPlan(plan, { tools: { a: () => 1, b: async () => 2 } });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success]
          step a [success]
        group 1 serial [success]
          step b [success]"
    `);
  });

  it('so are the steps that code starts itself', async () => {
    const recording = record();
    await recording.traceOrchestration(plan, async (run) => {
      await run.step('a', async (step) => step.attempt(() => 1));
      run.step('b', () => 2);
      run.step('unplanned', () => 3);
    });
    expect(recording.tree('planned')).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success]
          step a [success]
            attempt 1 [success]
        group 1 serial [success]
          step b [success]
        step unplanned [success] planned=false"
    `);
  });

  it('wrapped tools cannot find their run, and stand on their own', () => {
    const recording = record();
    const tool = recording.traceTool('a', () => 1);
    expect(recording.traceOrchestration(plan, () => tool())).toBe(1);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
      step a [success]"
    `);
  });
});
