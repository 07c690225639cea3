import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createExecutionPlanTrace, type PlanInput } from '../../src/index.ts';
import { attribute, exportedPlan, record, shown, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => vi.restoreAllMocks());

/** 619 tools, as many as the largest real plan at hand; every name has characters of more than one byte. */
const generated: PlanInput = {
  name: 'generated',
  strategy: 'dag',
  tools: Array.from({ length: 619 }, (_, index) => ({
    tool_id: `schritt-übergröße-${index}-😀`,
    tool_type: 'Größe "berechnen"\\',
    depends_on: index < 10 ? [] : [`schritt-übergröße-${index - 10}-😀`, `schritt-übergröße-${index - 7}-😀`],
    output_mapping: { 'größe\n': 'a literal 😀' },
  })),
};
const montage = new URL('../../../shared/workflows/montage-02d.json', import.meta.url);
const plans: [string, PlanInput][] = [['a generated plan of 619 tools', generated]];
if (existsSync(montage)) {
  plans.push(['the plan of a Montage workflow', JSON.parse(readFileSync(montage, 'utf8')) as PlanInput]);
}

describe.each(plans)('%s', (_name, plan) => {
  const json = JSON.stringify(createExecutionPlanTrace(plan));

  it('has 619 tools', () => expect(plan.tools.length).toBe(619));

  it.each([
    ['no limit of the SDK', undefined],
    ['values of 4,095 characters', { attributeValueLengthLimit: 4095 }],
    ['values of 1,000 characters', { attributeValueLengthLimit: 1000 }],
  ])('comes whole through %s', (_limit, spanLimits) => {
    const recording = record(spanLimits && { spanLimits });
    recording.traceOrchestration(plan, () => {});
    const parts = recording.ofType('plan');
    expect(exportedPlan(parts) === json).toBe(true);
    expect(parts.length).toBeGreaterThan(1);
    const limit = spanLimits?.attributeValueLengthLimit ?? 65_536;
    for (const [index, part] of parts.entries()) {
      const text = attribute(part, 'execution_plan') as string;
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
      expect(text).not.toMatch(/\p{Cs}/u);
      expect([attribute(part, 'plan.part'), attribute(part, 'plan.parts')]).toEqual([index + 1, parts.length]);
      expect(part.name).toBe(`plan ${plan.name}`);
    }
  });

  it('is left out, and says so, where it would take more than 512 spans', () => {
    const recording = record({ spanLimits: { attributeValueLengthLimit: 200 } });
    recording.traceOrchestration(plan, () => {});
    const [part, ...more] = recording.ofType('plan');
    expect(more).toEqual([]);
    expect(attribute(part!, 'execution_plan')).toContain(
      `"error":"the plan has ${json.length} characters, too many to be sent"`,
    );
  });

  it('goes to plan spans where the run span may not hold it', () => {
    const recording = record({ announcePlan: false });
    const { name } = plan;
    recording.traceOrchestration(plan, () => {});
    expect(recording.ofType('plan').length).toBeGreaterThan(1);
    expect(exportedPlan(recording.ofType('plan')) === json).toBe(true);
    expect(attribute(recording.span(`orchestration ${name} dag`), 'execution_plan')).toBeUndefined();
  });
});

describe('the plan of a run', () => {
  const plan: PlanInput = { name: 'small', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };

  it('is exported before the first step starts', () => {
    const recording = record();
    recording.traceOrchestration(plan, (run) => {
      expect(recording.spans().map(({ name }) => name)).toEqual(['plan small']);
      run.step('a', () => {});
    });
    expect(recording.ofType('plan').map(({ attributes }) => Object.keys(shown(attributes)).toSorted())).toEqual([
      ['execution_plan', 'plan.name', 'span.type'],
    ]);
  });

  it('stands on the run span with announcePlan: false', () => {
    const recording = record({ announcePlan: false });
    recording.traceOrchestration(plan, () => {});
    expect(recording.tree()).toBe('orchestration small serial [success]');
    expect(JSON.parse(exportedPlan(recording.spans()))).toEqual(createExecutionPlanTrace(plan));
  });

  it('is announced after all where the SDK would cut it on the run span', () => {
    const recording = record({ announcePlan: false, spanLimits: { attributeValueLengthLimit: 100 } });
    recording.traceOrchestration(plan, () => {});
    expect(JSON.parse(exportedPlan(recording.ofType('plan')))).toEqual(createExecutionPlanTrace(plan));
    expect(attribute(recording.ofType('run')[0]!, 'execution_plan')).toBe('in the plan spans: too long for a value');
  });

  it('shows its error where it is broken, and the run goes on', () => {
    const recording = record();
    const broken = {
      name: 'broken',
      tools: [
        { tool_id: 'a', depends_on: ['b'] },
        { tool_id: 'b', depends_on: ['a'] },
      ],
    };
    expect(recording.traceOrchestration(broken, (run) => run.step('a', () => 1))).toBe(1);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration broken dag [success]
        plan broken
        group 0 serial [success]
          step a [success]"
    `);
    expect(JSON.parse(exportedPlan(recording.spans()))).toEqual(createExecutionPlanTrace(broken));
    expect(createExecutionPlanTrace(broken).error).toContain('cycle: "a" > "b" > "a"');
  });

  it('has the same hash for the same tools, dependencies and mappings, and another for others', () => {
    const hashOf = (of: PlanInput): unknown => {
      const recording = record();
      recording.traceOrchestration(of, () => {});
      return attribute(recording.ofType('run')[0]!, 'plan.hash');
    };
    const hash = hashOf(plan);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(hashOf(structuredClone(plan))).toBe(hash);
    expect(hashOf({ ...plan, tools: plan.tools.toReversed() })).not.toBe(hash);
    expect(
      hashOf({ ...plan, tools: [plan.tools[0]!, { ...plan.tools[1]!, output_mapping: { x: '{a.data}' } }] }),
    ).not.toBe(hash);
  });

  it('may be empty', () => {
    const recording = record();
    recording.traceOrchestration({ name: 'empty', tools: [] }, () => {});
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration empty parallel [success]
        plan empty"
    `);
  });

  it('may have no name', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) => run.step('a', () => {}));
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration parallel [success]
        plan
        group 0 serial [success]
          step a [success]"
    `);
  });

  it('may be none: the run has a name and no strategy', () => {
    const recording = record();
    recording.traceOrchestration(undefined, () => {}, { name: 'ad hoc', runId: 'run 1' });
    expect(recording.spans().map(({ name, attributes }) => [name, { ...attributes, 'orchestration.verdict': '' }]))
      .toMatchInlineSnapshot(`
      [
        [
          "orchestration ad hoc",
          {
            "orchestration.outcome": "success",
            "orchestration.plan.name": "ad hoc",
            "orchestration.plan.source": "none",
            "orchestration.run.id": "run 1",
            "orchestration.span.type": "run",
            "orchestration.verdict": "",
          },
        ],
      ]
    `);
  });

  it('may be given as a trace that was made before', () => {
    const recording = record();
    const executionPlanTrace = createExecutionPlanTrace(plan);
    const given = recording.traceOrchestration(undefined, (run) => run.orchestrationTrace, {
      executionPlanTrace,
      name: 'made before',
    });
    expect(given).toBe(executionPlanTrace);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration made before serial [success]
        plan made before"
    `);
  });
});
