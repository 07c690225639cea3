import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconstruct } from '../../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import type { Run, SpanNode, Step } from '../../../src/explain/read/run.ts';
import type { Outcome } from '../../../src/semconv.ts';
import { made, ours, OVERVIEW_PLAN, overviewSpans } from '../made-spans.ts';

const RUN_ATTRIBUTES = { 'run.id': 'r', 'plan.name': 'p', strategy: 'serial' };

describe('a whole run', () => {
  it('is read back as run, groups, steps, attempts and the spans of others', () => {
    expect(outline(reconstruct(overviewSpans()))).toMatchInlineSnapshot(`
      "run ci-overview dag failure: failed: audit; 5 of 5 planned
        group 0 parallel success
          primary (ci_lookup) success
          secondary (ci_lookup) success
        group 1 parallel failure
          aggregate (ci_aggregate) success
          audit (http) failure: audit answered 503
            attempt 1 of 2 failure: audit answered 502
              GET
                handle
            attempt 2 of 2 failure: audit answered 503
        group 2 serial skip
          publish (http) skip: dependency failed: audit"
    `);
  });

  it('carries the plan, the mappings and the times', () => {
    const [run] = reconstruct(overviewSpans());
    expect(run).toMatchObject({ runId: 'r-1', plannedTools: 5, seenTools: 5, notes: [] });
    expect(run?.plan?.groups.map((group) => group.map(({ toolId }) => toolId))).toEqual([
      ['primary', 'secondary'],
      ['aggregate', 'audit'],
      ['publish'],
    ]);
    expect(Number(run!.endNs - run!.startNs)).toBe(100e6);
    expect(run?.groups[1]?.steps[0]).toMatchObject({
      dependsOn: ['primary', 'secondary'],
      outputMapping: { ci_type_filter: '{primary.data.rows[0].ci_type}' },
      mappings: [
        { field: 'ci_type_filter', ref: '{primary.data.rows[0].ci_type}', resolved: true, type: 'string', bytes: 6 },
        { field: 'limit', ref: '{secondary.data.limit}', resolved: false },
      ],
    });
  });

  it('is the same for every order of arrival', () => {
    const expected = reconstruct(overviewSpans());
    fc.assert(
      fc.property(fc.shuffledSubarray(overviewSpans(), { minLength: 14 }), (spans) => {
        expect(reconstruct(spans)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('is the same with every span twice, but for a note', () => {
    const [expected] = reconstruct(overviewSpans());
    const runs = reconstruct([...overviewSpans(), ...overviewSpans()]);
    expect(runs).toEqual([{ ...expected, notes: ['14 spans came more than once'] }]);
  });

  it('joins a plan in parts, in any order', () => {
    const cut = 100;
    const parts = [OVERVIEW_PLAN.slice(0, cut), OVERVIEW_PLAN.slice(cut)].map((text, index) =>
      ours('plan', `p${index}`, {
        parent: 'run',
        attributes: { execution_plan: text, 'plan.part': index + 1, 'plan.parts': 2 },
      }),
    );
    const rest = overviewSpans().filter(({ name }) => name !== 'plan');
    const whole = reconstruct(overviewSpans())[0]?.plan;
    expect(whole).toBeDefined();
    expect(reconstruct([...parts.toReversed(), ...rest])[0]?.plan).toEqual(whole);
    expect(reconstruct([parts[1]!, ...rest])[0]).toMatchObject({
      plan: undefined,
      plannedTools: 0,
      notes: ['1 of 2 parts of the plan did not arrive'],
    });
  });

  it('takes the plan from the run span when there is no plan span', () => {
    const run = ours('run', 'run', { attributes: { ...RUN_ATTRIBUTES, execution_plan: OVERVIEW_PLAN } });
    expect(reconstruct([run])[0]?.plannedTools).toBe(5);
  });
});

describe('a run of a producer that says less', () => {
  it('has its steps where the plan has their tools, though they do not say which group they are in', () => {
    const plan = ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: OVERVIEW_PLAN } });
    const step = (id: string): ReceivedSpan =>
      ours('step', id, { parent: 'run', ms: [1, 2], attributes: { tool_id: id, outcome: 'success' } });
    const run = ours('run', 'run', { ms: [0, 100], attributes: { outcome: 'success' } });
    const [read] = reconstruct([run, plan, step('primary'), step('aggregate'), step('other')]);
    const placed = read!.groups.map(({ steps }) => steps.flatMap(({ toolId, span }) => (span ? toolId : [])));
    expect(placed.flat()).toEqual(['primary', 'aggregate']);
    expect(placed[0]).toEqual(['primary']);
    expect(read!.steps.map(({ toolId }) => toolId)).toEqual(['other']);
  });
});

describe('a run that is not whole', () => {
  it('of a killed process still shows what was meant', () => {
    const arrived = overviewSpans().filter(({ name }) => ['plan', 'step primary', 'step secondary'].includes(name));
    expect(outline(reconstruct(arrived))).toMatchInlineSnapshot(`
      "run ci-overview dag ?; 2 of 5 planned
        group 0 parallel ?
          primary (ci_lookup) success
          secondary (ci_lookup) success
        group 1 parallel ?
          aggregate (ci_aggregate) no span: not started or not ended
          audit (http) no span: not started or not ended
        group 2 serial ?
          publish (http) not started: needs audit"
    `);
  });

  it('tells a lost span from a step that did not start', () => {
    const run = ours('run', 'run', {
      attributes: { ...RUN_ATTRIBUTES, not_started: ['publish', 'audit'], skipped: ['secondary'] },
    });
    const plan = overviewSpans().find(({ name }) => name === 'plan')!;
    expect(outline(reconstruct([run, plan]))).toMatchInlineSnapshot(`
      "run p serial ?; 0 of 5 planned
        group 0 parallel ?
          primary (ci_lookup) no span: it did not arrive
          secondary (ci_lookup) skip: it has no span
        group 1 parallel ?
          aggregate (ci_aggregate) no span: it did not arrive
          audit (http) not started: needs secondary
        group 2 serial ?
          publish (http) not started: needs audit"
    `);
  });

  it('keeps groups, steps and HTTP spans whose parents did not arrive', () => {
    const arrived = overviewSpans().filter(
      ({ name }) => !['orchestration ci-overview dag', 'g1', 'a1', 'h1'].includes(name),
    );
    const [run, ...more] = reconstruct(arrived.filter(({ name }) => name !== 'GET'));
    expect(more).toEqual([]);
    expect(outline([run!])).toMatchInlineSnapshot(`
      "run ci-overview dag ?; 5 of 5 planned
        group 0 parallel success
          primary (ci_lookup) success
          secondary (ci_lookup) success
        group 1 parallel ?
          aggregate (ci_aggregate) success
          audit (http) failure: audit answered 503
            attempt 2 of 2 failure: audit answered 503
        group 2 serial skip
          publish (http) skip: dependency failed: audit
        handle
        note: the parent of 1 span did not arrive"
    `);
  });

  it('gives steps of a lost group to the run whose plan has them', () => {
    const step = ours('step', 's', { parent: 'lost', attributes: { tool_id: 'b', group_index: 0 } });
    const runs = reconstruct([
      ours('run', 'r1', { ms: [0, 9], attributes: RUN_ATTRIBUTES }),
      ours('run', 'r2', { ms: [1, 9], attributes: RUN_ATTRIBUTES }),
      plan('p1', 'r1', planOf('a')),
      plan('p2', 'r2', planOf('b')),
      step,
    ]);
    expect(runs.map(({ seenTools }) => seenTools)).toEqual([0, 1]);
  });

  it('says that a plan is broken or cut', () => {
    const run = ours('run', 'run', { attributes: RUN_ATTRIBUTES });
    expect(reconstruct([run, plan('p', 'run', '{"strategy":')])[0]?.notes).toEqual([
      'the plan is no JSON: it was cut on its way',
    ]);
    const broken = JSON.stringify({ strategy: 'dag', execution_groups: [], error: 'a cycle: a > b' });
    expect(reconstruct([run, plan('p', 'run', broken)])[0]?.notes).toEqual(['the plan is broken: a cycle: a > b']);
  });
});

describe('what stands around a run', () => {
  it('leaves out what called the run and what that did besides', () => {
    const spans = [
      made('server', { parent: 'remote' }),
      made('query', { parent: 'server' }),
      ours('run', 'run', { parent: 'server', attributes: RUN_ATTRIBUTES }),
      made('inside', { parent: 'run' }),
    ];
    expect(outline(reconstruct(spans))).toMatchInlineSnapshot(`
      "run p serial ?; 0 of 0 planned
        inside"
    `);
  });

  it('nests unplanned steps and whole runs under the step that called them, through the spans of others', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 10], attributes: RUN_ATTRIBUTES }),
      ours('step', 's', { parent: 'run', ms: [1, 9], attributes: { tool_id: 'outer' } }),
      made('http', { parent: 's', ms: [2, 8] }),
      ours('step', 'u', { parent: 'http', ms: [3, 7], attributes: { tool_id: 'inner', planned: false } }),
      ours('run', 'run2', { parent: 'u', ms: [4, 6], attributes: { ...RUN_ATTRIBUTES, 'plan.name': 'nested' } }),
      ours('step', 's2', { parent: 'run2', ms: [5, 6], attributes: { tool_id: 'deep' } }),
    ];
    expect(outline(reconstruct(spans))).toMatchInlineSnapshot(`
      "run p serial ?; 0 of 0 planned
        outer ?
          http
          inner ? (unplanned)
            run nested serial ?; 0 of 0 planned
              deep ?"
    `);
  });

  it('makes steps outside any run a run without a plan', () => {
    const steps = [1, 2].map((at) => ours('step', `s${at}`, { ms: [at, 3], attributes: { tool_id: `tool${at}` } }));
    expect(outline(reconstruct(steps))).toMatchInlineSnapshot(`
      "run ? ? ?; 0 of 0 planned
        tool1 ?
        tool2 ?"
    `);
  });

  it('puts iterations in order, a group opened twice in one, and counts a repeated tool once', () => {
    const [run] = reconstruct([
      ours('run', 'run', { attributes: RUN_ATTRIBUTES }),
      plan('p', 'run', planOf('think')),
      ours('group', 'gb', { parent: 'run', ms: [5, 6], attributes: { group_index: 0 } }),
      ours('group', 'ga', { parent: 'run', ms: [1, 2], attributes: { group_index: 0 } }),
      iterationOf('think', 1, 'b'),
      iterationOf('think', 2, 'a'),
    ]);
    expect(run?.groups).toHaveLength(1);
    expect(run?.groups[0]?.steps.map(({ iteration }) => iteration)).toEqual([1, 2]);
    expect(Number(run!.groups[0]!.endNs! - run!.groups[0]!.startNs!)).toBe(5e6);
    expect(run).toMatchObject({ plannedTools: 1, seenTools: 1 });
  });

  it('says of a group that a loop opened again how the last pass of each tool ended', () => {
    const outcomeAfter = (...passes: readonly (readonly [string, 'think' | 'act', string?])[]): Outcome | undefined => {
      const [run] = reconstruct([
        ours('run', 'run', { attributes: RUN_ATTRIBUTES }),
        ...passes.flatMap(([said, toolId, outcome = said], at) => {
          const attributes = { tool_id: toolId, group_index: 0, iteration: at + 1, outcome };
          return [
            ours('group', `g${at}`, { parent: 'run', ms: [at, at + 1], attributes: { group_index: 0, outcome: said } }),
            ours('step', `s${at}`, { parent: `g${at}`, ms: [at, at + 1], attributes }),
          ];
        }),
      ]);
      return run?.groups[0]?.outcome;
    };
    expect(outcomeAfter(['success', 'think'], ['failure', 'think', 'timeout'])).toBe('failure');
    expect(outcomeAfter(['success', 'think'], ['cancellation', 'think'])).toBe('cancellation');
    expect(outcomeAfter(['failure', 'think'], ['success', 'think'])).toBe('success');
    expect(outcomeAfter(['failure', 'act'], ['success', 'think'])).toBe('failure');
    expect(outcomeAfter(['success', 'think'], ['skip', 'think'])).toBe('skip');
    expect(outcomeAfter(['success', 'think'], ['', 'think'])).toBeUndefined();
  });

  it('keeps traces apart and orders runs by start', () => {
    const [other] = [ours('run', 'run', { ms: [5, 6], traceId: 'f'.repeat(32), attributes: RUN_ATTRIBUTES })];
    const runs = reconstruct([other, ...overviewSpans()]);
    expect(runs.map(({ planName }) => planName)).toEqual(['ci-overview', 'p']);
  });

  it('is empty without spans of ours', () => {
    expect(reconstruct([])).toEqual([]);
    expect(reconstruct([made('a'), made('b', { parent: 'a' })])).toEqual([]);
  });
});

describe('hostile traces', () => {
  it('cuts cycles of parents above the earliest span', () => {
    const [run] = reconstruct([
      ours('run', 'run', { parent: 'c', ms: [0, 9], attributes: RUN_ATTRIBUTES }),
      made('b', { parent: 'run', ms: [1, 2] }),
      made('c', { parent: 'b', ms: [2, 3] }),
      made('self', { parent: 'self', ms: [3, 4] }),
    ]);
    expect(outline([run!])).toMatchInlineSnapshot(`
      "run p serial ?; 0 of 0 planned
        b
          c
        self
        note: 2 cycles of parents cut"
    `);
  });

  it('cuts a cycle above its earliest span, wherever it is entered', () => {
    const [run] = reconstruct([
      made('tail', { parent: 'late', ms: [0, 1] }),
      made('late', { parent: 'run', ms: [5, 6] }),
      ours('run', 'run', { parent: 'late', ms: [2, 9], attributes: RUN_ATTRIBUTES }),
    ]);
    expect(outline([run!])).toMatchInlineSnapshot(`
      "run p serial ?; 0 of 0 planned
        late
          tail
        note: 1 cycle of parents cut"
    `);
  });

  it.each(['chain', 'star'])(
    'reads a %s of 130,000 spans in seconds',
    (shape) => {
      const spans = [ours('run', 'run', { attributes: RUN_ATTRIBUTES })];
      for (let index = 0; index < 130_000; index++) {
        const parent = shape === 'star' || index === 0 ? spans[0]!.spanId : spans[index]!.spanId;
        spans.push({ ...made('x'), spanId: index.toString(16).padStart(16, 'f'), parentSpanId: parent });
      }
      expect(reconstruct(spans)).toHaveLength(1);
    },
    30_000,
  );

  it('reads 10,000 runs within runs', () => {
    const spans: ReceivedSpan[] = [];
    for (let index = 0; index < 10_000; index++) {
      const parent = index === 0 ? {} : { parent: `s${index - 1}` };
      spans.push(ours('run', `r${index}`, { ...parent, attributes: RUN_ATTRIBUTES }));
      spans.push(ours('step', `s${index}`, { parent: `r${index}`, attributes: { tool_id: 't' } }));
    }
    expect(reconstruct(spans)).toHaveLength(1);
  }, 30_000);

  it('reads 300,000 runs of one trace in seconds, in order', () => {
    const run = ours('run', 'run', { attributes: RUN_ATTRIBUTES });
    const spans = Array.from({ length: 300_000 }, (_, at) => ({ ...run, spanId: at.toString(16).padStart(16, '0') }));
    const found = reconstruct(spans).map(({ span }) => span?.spanId);
    expect(found.length).toBe(300_000);
    expect(found.every((spanId, at) => spanId === spans[at]!.spanId)).toBe(true);
  }, 15_000);

  it('leaves out of mappings and lists what cannot be read', () => {
    const records = [{ field: 'a', ref: '{b.data}', resolved: true, type: 5 }, { field: 'cut' }, null];
    const tool = { tool_id: 's', depends_on: ['b', 5], output_mapping: { a: '{b.data}', n: 5 } };
    const [run] = reconstruct([
      ours('run', 'run', { attributes: RUN_ATTRIBUTES }),
      plan('p', 'run', JSON.stringify({ execution_groups: [{ tools: [tool] }] })),
      ours('step', 's', {
        parent: 'run',
        attributes: {
          tool_id: 's',
          group_index: 0,
          depends_on: ['b'],
          output_mapping: '{"a":"{b.data}","n":5,"o":{}}',
          mappings: JSON.stringify(records),
          outcome: 'splendid',
        },
      }),
    ]);
    const read = { dependsOn: ['b'], outputMapping: { a: '{b.data}' } };
    expect(run!.groups[0]!.steps[0]).toMatchObject({ ...read, outcome: undefined });
    expect(run!.groups[0]!.steps[0]!.mappings).toEqual([{ field: 'a', ref: '{b.data}', resolved: true }]);
    expect(run!.plan!.groups[0]![0]).toMatchObject(read);
  });

  it('takes anything under our names', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
      fc.json(),
    );
    const names = [
      'tool_id',
      'group_index',
      'execution_plan',
      'plan.part',
      'plan.parts',
      'mappings',
      'output_mapping',
      'outcome',
      'depends_on',
      'iteration',
      'not_started',
      'tool_ids',
      'planned',
    ];
    const attributes = fc.dictionary(fc.constantFrom(...names), value);
    const type = fc.constantFrom('run', 'plan', 'group', 'step', 'attempt', 'other');
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const span = fc
      .tuple(type, id, id, attributes, fc.integer({ min: -9, max: 9 }))
      .map(([type, id, parent, attributes, end]) => ours(type, id, { parent, ms: [0, end], attributes }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
        expect(reconstruct(spans)).toBeInstanceOf(Array);
      }),
      { numRuns: 500 },
    );
  });
});

function plan(id: string, parent: string, text: string): ReceivedSpan {
  return ours('plan', id, { parent, attributes: { execution_plan: text } });
}

function planOf(toolId: string): string {
  return JSON.stringify({ execution_groups: [{ tools: [{ tool_id: toolId }] }] });
}

function iterationOf(toolId: string, iteration: number, id: string): ReceivedSpan {
  const attributes = { tool_id: toolId, group_index: 0, execution_order: 0, iteration };
  return ours('step', id, { parent: `g${id}`, attributes });
}

function ended(outcome = '?', why?: string): string {
  return why === undefined ? outcome : `${outcome}: ${why}`;
}

/** The runs as indented text. */
function outline(runs: readonly Run[]): string {
  const lines: string[] = [];
  const add = (depth: number, ...words: (string | undefined)[]): void => {
    lines.push('  '.repeat(depth) + words.filter((word) => word !== undefined).join(' '));
  };
  const addSpans = (depth: number, nodes: readonly SpanNode[]): void => {
    for (const { span, children } of nodes) {
      add(depth, span.name);
      addSpans(depth + 1, children);
    }
  };
  const addStep = (depth: number, step: Step): void => {
    const type = step.toolType === undefined ? undefined : `(${step.toolType})`;
    add(
      depth,
      step.toolId,
      type,
      ended(step.outcome ?? step.absence, step.error ?? step.reason),
      step.isPlanned ? undefined : '(unplanned)',
    );
    for (const { attempt, maxAttempts, outcome, error, spans } of step.attempts) {
      add(depth + 1, `attempt ${attempt} of ${maxAttempts}`, ended(outcome, error));
      addSpans(depth + 2, spans);
    }
    addSpans(depth + 1, step.spans);
    for (const inner of step.steps) addStep(depth + 1, inner);
    for (const run of step.runs) addRun(depth + 1, run);
  };
  const addRun = (depth: number, run: Run): void => {
    const seen = `${run.seenTools} of ${run.plannedTools} planned`;
    add(depth, 'run', run.planName ?? '?', run.strategy ?? '?', `${ended(run.outcome, run.error)}; ${seen}`);
    for (const group of run.groups) {
      add(depth + 1, 'group', String(group.groupIndex), group.parallel ? 'parallel' : 'serial', ended(group.outcome));
      for (const step of group.steps) addStep(depth + 2, step);
    }
    for (const step of run.steps) addStep(depth + 1, step);
    addSpans(depth + 1, run.spans);
    for (const note of run.notes) add(depth + 1, `note: ${note}`);
  };
  for (const run of runs) addRun(0, run);
  return lines.join('\n');
}
