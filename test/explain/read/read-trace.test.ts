import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttributeValue, ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { readTrace, type TraceView } from '../../../src/explain/read/read-trace.ts';
import type { Run, SpanNode, Step } from '../../../src/explain/read/run.ts';
import { made, ours, OVERVIEW_PLAN, overviewSpans } from '../made-spans.ts';

const OTHER_TRACE = 'f'.repeat(32);

describe('spans that are in no run', () => {
  it('are a plain tree, and one line says what is missing', () => {
    const { runs, foreign, notes } = readTrace([
      made('server', { ms: [0, 9] }),
      made('query', { parent: 'server', ms: [1, 3] }),
      made('render', { parent: 'server', ms: [4, 5] }),
      made('rows', { parent: 'query', ms: [2, 3] }),
    ]);
    expect(runs).toEqual([]);
    expect(draw(foreign)).toEqual(['server', '  query', '    rows', '  render']);
    expect(notes).toEqual([
      'none of 4 spans has orchestration.span.type: wrap the executor that is to be seen as a run, see the README',
    ]);
  });

  it('say that only attempts arrived', () => {
    const { foreign, notes } = readTrace([ours('attempt', 'a1', { parent: 'lost' }), made('http', { parent: 'a1' })]);
    expect(draw(foreign)).toEqual(['a1', '  http']);
    expect(notes[0]).toContain('no run, plan, group or step among them');
    expect(notes[1]).toBe('the parent of 1 span did not arrive');
  });

  it('are what called a run and what that did besides; what the run called is the run’s', () => {
    const { runs, foreign, notes } = readTrace([
      made('server', { parent: 'remote', ms: [0, 9] }),
      made('query', { parent: 'server', ms: [1, 2] }),
      ours('run', 'run', { parent: 'server', ms: [2, 8] }),
      made('inside', { parent: 'run', ms: [3, 4] }),
      made('cron', { ms: [3, 4] }),
    ]);
    expect(draw(runs[0]!.spans)).toEqual(['inside']);
    expect(draw(foreign)).toEqual(['server', '  query', 'cron']);
    expect([...notes, ...runs[0]!.notes]).toEqual([]);
  });

  it('of a trace beside others are foreign, without a word', () => {
    const { runs, foreign, notes } = readTrace([...overviewSpans(), made('other', { traceId: OTHER_TRACE })]);
    expect(runs).toHaveLength(1);
    expect(draw(foreign)).toEqual(['other']);
    expect(notes).toEqual([]);
  });

  it('keep their oddities in the notes', () => {
    const { notes } = readTrace([
      made('a', { parent: 'b', ms: [0, 1] }),
      made('b', { parent: 'a', ms: [2, 3] }),
      made('c', { parent: 'gone', ms: [9, 4] }),
      made('c', { parent: 'gone', ms: [9, 4] }),
    ]);
    // b is in a, since their cycle was cut above a, which is earlier.
    expect(notes.slice(1)).toEqual([
      'the parent of 1 span did not arrive',
      'c ends 5.0 ms before it starts',
      '1 span came more than once',
      '1 cycle of parents cut',
    ]);
  });

  it('are nothing where nothing came', () => {
    expect(readTrace([])).toEqual({ runs: [], foreign: [], notes: [] });
  });
});

describe('times that cannot be', () => {
  const run = ours('run', 'run', { ms: [0, 100] });

  it('are noted by kind, with how many and the worst', () => {
    expect(
      notesOf([
        run,
        made('fine', { parent: 'run', ms: [0, 104] }),
        made('backwards', { parent: 'run', ms: [50, 40] }),
        made('more', { parent: 'run', ms: [50, 49] }),
        made('before', { parent: 'run', ms: [-20, 10] }),
        made('after', { parent: 'run', ms: [10, 130] }),
        made('longer', { parent: 'run', ms: [10, 3100] }),
        made('late', { parent: 'run', ms: [400, 500] }),
      ]),
    ).toEqual([
      'before starts 20 ms before the span that it is in',
      'longer ends 3.00 s after the span that it is in (and 1 more such span)',
      'backwards ends 10 ms before it starts (and 1 more such span)',
      'late starts 300 ms after the run ended',
    ]);
  });

  it('are not noted within a few milliseconds', () => {
    const spans = [run, made('a', { parent: 'run', ms: [-5, 105] }), made('b', { parent: 'run', ms: [105, 105] })];
    expect(notesOf(spans)).toEqual([]);
  });

  it('are not noted of a run that did not arrive', () => {
    expect(notesOf([ours('step', 's', { parent: 'g', ms: [1, 2], attributes: { tool_id: 'a' } })])).toEqual([]);
  });

  it('that nobody gave are counted', () => {
    const spans = [
      run,
      made('none', { parent: 'run', startNs: 0n, endNs: 0n }),
      made('open', { parent: 'run', endNs: 0n }),
    ];
    expect(notesOf(spans)).toEqual(['2 spans came without a start or an end']);
  });

  it('stay with the run they are in', () => {
    const { runs } = readTrace([
      run,
      ours('step', 's', { parent: 'run', ms: [1, 99], attributes: { tool_id: 'a' } }),
      ours('run', 'inner', { parent: 's', ms: [2, 50] }),
      made('late', { parent: 'inner', ms: [70, 80] }),
    ]);
    expect(runs[0]!.notes).toEqual([]);
    expect(runs[0]!.steps[0]!.runs[0]!.notes).toEqual(['late starts 20 ms after the run ended']);
  });
});

describe('a span that came more than once', () => {
  it('with other times is said to, and the one that ended last counts, in any order', () => {
    const running = ours('step', 's', { parent: 'run', ms: [1, 2], attributes: { tool_id: 'a' } });
    const ended = ours('step', 's', { parent: 'run', ms: [1, 9], attributes: { tool_id: 'a', outcome: 'success' } });
    const run = ours('run', 'run', { ms: [0, 10] });
    for (const spans of [
      [run, running, ended],
      [ended, run, running, run],
    ]) {
      const [read] = readTrace(spans).runs;
      expect(read!.steps.map(({ outcome }) => outcome)).toEqual(['success']);
      expect(read!.notes.at(-1)).toContain('1 of them with other times or names: the one that ended last counts');
    }
  });

  it('as two things at once gives the same for any order', () => {
    const spans = [
      made('shared', { kind: 'client', ms: [0, 9] }),
      { ...made('shared', { kind: 'server', ms: [1, 9] }), name: 'handle' },
      { ...made('shared', { kind: 'server', ms: [1, 9], attributes: { key: 1 } }), name: 'handle' },
      { ...made('shared', { parent: 'x', ms: [0, 9] }), name: 'also' },
      { ...made('shared', { parent: 'x', ms: [0, 9], attributes: { key: 1 } }), name: 'more' },
      { ...made('shared', { parent: 'x', ms: [0, 9], attributes: { key: 1 } }), name: 'last' },
      made('twin', { parent: 'x' }),
      made('twin', { parent: 'y' }),
    ];
    const expected = readTrace(spans);
    fc.assert(
      fc.property(fc.shuffledSubarray(spans, { minLength: spans.length }), (shuffled) => {
        const { foreign } = readTrace(shuffled);
        expect(foreign).toEqual(expected.foreign);
      }),
    );
  });
});

describe('steps whose run is not above them', () => {
  const run = ours('run', 'r1', { ms: [0, 9] });
  const step = (
    id: string,
    parent: string,
    attributes: Readonly<Record<string, AttributeValue>>,
    more = {},
  ): ReceivedSpan => ours('step', id, { parent, ms: [1, 2], attributes, ...more });

  it('that the plan does not have belong to the only run, as one of its steps must have called them', () => {
    const { runs } = readTrace([run, step('s', 'lost', { tool_id: 'inner', planned: false })]);
    expect(runs.map(({ steps }) => steps.map(({ toolId }) => toolId))).toEqual([['inner']]);
  });

  it('that are in no group and not below a run are a run of their own, without a plan', () => {
    const { runs } = readTrace([run, made('server'), step('s', 'server', { tool_id: 'loose' })]);
    expect(runs.map(({ steps }) => steps.length)).toEqual([0, 1]);
  });

  it('do not belong to a run that they have called, though it is the only one', () => {
    const { runs } = readTrace([
      step('s', 'lost', { tool_id: 'outer', group_index: 0 }),
      ours('run', 'inner', { parent: 's', ms: [1, 2] }),
    ]);
    expect(
      runs.map(({ groups }) => groups.flatMap(({ steps }) => steps.map((one) => [one.toolId, one.runs.length]))),
    ).toEqual([[['outer', 1]]]);
  });

  it('of killed runs of one plan are told apart by what they depend on', () => {
    const planOf = (id: string, parent: string, ms: number): ReceivedSpan =>
      ours('plan', id, { parent, ms: [ms, ms], attributes: { execution_plan: OVERVIEW_PLAN } });
    const linkTo = (id: string): object => ({
      links: [{ traceId: '', spanId: made(id).spanId, attributes: new Map() }],
    });
    const group = (id: string, tool: string, index: number): Record<string, AttributeValue> => ({
      tool_id: tool,
      group_index: index,
      outcome: id,
    });
    const { runs } = readTrace([
      planOf('p1', 'lost1', 0),
      planOf('p2', 'lost2', 0.001),
      step('a1', 'g1', group('success', 'secondary', 0), { ms: [1, 5] }),
      step('b1', 'g2', group('failure', 'secondary', 0), { ms: [2, 3] }),
      step('b2', 'g3', group('failure', 'audit', 1), { ms: [3, 4], ...linkTo('b1') }),
      step('a2', 'g4', group('success', 'audit', 1), { ms: [5, 6], ...linkTo('a1') }),
    ]);
    const seen = runs.map(({ groups }) =>
      groups.flatMap(({ steps }) => steps.flatMap(({ span, toolId, outcome }) => (span ? `${toolId} ${outcome}` : []))),
    );
    expect(seen).toEqual([
      ['secondary success', 'audit success'],
      ['secondary failure', 'audit failure'],
    ]);
    expect(runs[0]!.notes).toEqual(['its steps may be those of 2 runs: groups did not arrive']);
    expect(runs[1]!.notes).toEqual([]);
  });

  it('are a run of their own, also 200,000 of them', () => {
    const loose = step('x', 'x', { tool_id: 'loose' });
    const spans = Array.from({ length: 200_000 }, (_, at) => ({
      ...loose,
      spanId: (at + 1).toString(16).padStart(16, '0'),
      parentSpanId: 'f'.repeat(16),
    }));
    expect(readTrace(spans).runs.map(({ steps }) => steps.length)).toEqual([200_000]);
  }, 30_000);

  it('are found runs for in seconds, however many there are of both', () => {
    const spans: ReceivedSpan[] = [];
    const plan = JSON.stringify({ execution_groups: [{ tools: [{ tool_id: 'a' }] }] });
    for (let at = 0; at < 10_000; at += 1) {
      const id = (at + 1).toString(16);
      spans.push({
        ...ours('plan', 'x', { attributes: { execution_plan: plan } }),
        spanId: `b${id.padStart(15, '0')}`,
      });
      const orphan = step('x', 'lost', { tool_id: at % 2 === 0 ? 'a' : 'b', group_index: 0, iteration: (at % 3) + 1 });
      spans.push({ ...orphan, spanId: `c${id.padStart(15, '0')}`, parentSpanId: `d${id.padStart(15, '0')}` });
    }
    expect(spansOf(readTrace(spans))).toHaveLength(20_000);
  }, 30_000);
});

/** Any spans of ours and of others, hanging on each other in any way. */
const anySpans: fc.Arbitrary<ReceivedSpan[]> = fc.array(anySpan(), { maxLength: 20 });

describe('a step whose span did not arrive', () => {
  /** `to` depends on the tool `of`, whose span has this id. */
  const dependsOn = (id: string, of: string): Pick<ReceivedSpan, 'links'> => ({
    links: [
      {
        traceId: made(id).traceId,
        spanId: made(id).spanId,
        attributes: new Map([
          ['orchestration.link.type', 'depends_on'],
          ['orchestration.tool_id', of],
        ]),
      },
    ],
  });
  const step = (id: string, attributes: Readonly<Record<string, AttributeValue>>, more = {}): ReceivedSpan =>
    ours('step', id, { parent: 'g1', ms: [5, 6], attributes, ...more });
  const attempt = ours('attempt', 'a1', { parent: 's', ms: [1, 2], attributes: { attempt: 1, outcome: 'failure' } });
  const http = made('http', { parent: 's', ms: [3, 4] });
  const inner = ours('step', 'i', { parent: 's', ms: [2, 3], attributes: { tool_id: 'inner', planned: false } });
  const deep = ours('run', 'deep', { parent: 'i', ms: [2, 3] });
  const plan = ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: OVERVIEW_PLAN } });

  it('holds what is below it, where a step that depends on it tells its id', () => {
    const audit = step('t', { tool_id: 'audit', group_index: 1, outcome: 'success' }, dependsOn('s', 'secondary'));
    const { runs, foreign } = readTrace([plan, audit, attempt, http, inner, deep]);
    expect(foreign).toEqual([]);
    expect(runs).toHaveLength(1);
    const lost = runs[0]!.groups[0]!.steps[1]!;
    expect(lost).toMatchObject({
      toolId: 'secondary',
      toolType: 'ci_lookup',
      executionOrder: 1,
      span: undefined,
      absence: 'no span',
      reason: 'it did not arrive',
    });
    expect(lost.attempts.map(({ outcome }) => outcome)).toEqual(['failure']);
    expect(draw(lost.spans)).toEqual(['http']);
    expect(lost.steps.map(({ toolId, runs }) => [toolId, runs.length])).toEqual([['inner', 1]]);
    expect(runs[0]).toMatchObject({ plannedTools: 5, seenTools: 1, notes: [] });
  });

  it('is one of the run also where the plan does not have it, or did not arrive', () => {
    const { runs } = readTrace([
      ours('run', 'run', { ms: [0, 9] }),
      ours('group', 'g1', { parent: 'run', ms: [5, 6], attributes: { group_index: 1 } }),
      step('t', { tool_id: 'audit' }, dependsOn('s', 'secondary')),
      http,
    ]);
    expect(runs.map(({ steps }) => steps.map((one) => [one.toolId, one.absence, draw(one.spans)]))).toEqual([
      [['secondary', 'no span', ['http']]],
    ]);
  });

  it('that was a further pass belongs to its tool, as the first that is missing', () => {
    const pass = (id: string, tool: string, group: number, iteration: number, more = {}): ReceivedSpan =>
      ours('step', id, {
        parent: 'run',
        ms: [iteration, iteration],
        attributes: { tool_id: tool, group_index: group, outcome: 'success', iteration },
        ...more,
      });
    const tools = [{ tools: [{ tool_id: 'think', tool_type: 'llm' }] }, { tools: [{ tool_id: 'act' }] }];
    const spans = [
      ours('run', 'run', { ms: [0, 9] }),
      ours('plan', 'plan', {
        parent: 'run',
        attributes: { execution_plan: JSON.stringify({ execution_groups: tools }) },
      }),
      pass('t1', 'think', 0, 1),
      pass('t3', 'think', 0, 3),
      pass('a1', 'act', 1, 1, dependsOn('t1', 'think')),
      pass('a2', 'act', 1, 2, dependsOn('t2', 'think')),
      pass('a3', 'act', 1, 3, dependsOn('t3', 'think')),
      pass('a4', 'act', 1, 4, dependsOn('t4', 'think')),
      made('http', { parent: 't2', ms: [2, 2] }),
    ];
    const { runs } = readTrace(spans);
    const [run] = runs;
    expect([runs.length, run!.steps, run!.seenTools]).toEqual([1, [], 2]);
    expect(run!.groups[0]!.steps.map((one) => [one.toolId, one.iteration, one.absence, draw(one.spans)])).toEqual([
      ['think', 1, undefined, []],
      ['think', 2, 'no span', ['http']],
      ['think', 3, undefined, []],
      ['think', 4, 'no span', []],
    ]);
    const [none] = readTrace(spans.filter(({ name }) => !name.startsWith('t'))).runs;
    expect(none!.groups[0]!.steps.map((one) => [one.iteration, one.toolType, one.absence])).toEqual([
      [1, 'llm', 'no span'],
      [2, 'llm', 'no span'],
      [3, 'llm', 'no span'],
      [4, 'llm', 'no span'],
    ]);
  });

  it('is not looked for inside itself', () => {
    const inside = ours('step', 'x', {
      parent: 'deep',
      ms: [2, 3],
      attributes: { tool_id: 'x' },
      ...dependsOn('s', 'y'),
    });
    const spans = [inner, deep, inside, http];
    expect(
      spansOf(readTrace(spans))
        .map(({ name }) => name)
        .toSorted(byText),
    ).toEqual(['deep', 'http', 'i', 'x']);
  });
});

describe('every span', () => {
  it('is found exactly once, in a run or outside, whatever it is and whatever it hangs on', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const given = new Set(spans.map(nameOf));
        const found = spansOf(readTrace(spans)).map(nameOf);
        expect(found).toHaveLength(given.size);
        expect(new Set(found)).toEqual(given);
      }),
      { numRuns: 1000 },
    );
  });

  it('is found at the same place, whatever the order of arrival', () => {
    const once = anySpans.map((spans) => [...new Map(spans.map((span) => [nameOf(span), span])).values()]);
    const shuffled = once.chain((spans) =>
      fc.tuple(fc.constant(spans), fc.shuffledSubarray([...spans, ...spans], { minLength: spans.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([spans, shuffled]) => {
        const { runs, foreign } = readTrace(shuffled);
        const expected = readTrace(spans);
        expect(foreign).toEqual(expected.foreign);
        expect(runs.map(withoutNotes)).toEqual(expected.runs.map(withoutNotes));
      }),
      { numRuns: 500 },
    );
  });
});

function anySpan(): fc.Arbitrary<ReceivedSpan> {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l');
  const type = fc.constantFrom('run', 'plan', 'group', 'step', 'attempt', 'other');
  const attributes = fc.record(
    {
      tool_id: fc.constantFrom('primary', 'audit', 'x'),
      group_index: fc.integer({ min: 0, max: 2 }),
      iteration: fc.integer({ min: 1, max: 2 }),
      planned: fc.boolean(),
      execution_plan: fc.constantFrom(OVERVIEW_PLAN, '{'),
    },
    { requiredKeys: [] },
  );
  return fc
    .tuple(type, id, id, fc.option(fc.nat({ max: 9 })), attributes, fc.boolean(), fc.option(id))
    .map(([type, id, parent, end, attributes, isOther, link]) =>
      ours(type, id, {
        ...(parent === id ? {} : { parent }),
        ms: [4, end ?? 4],
        attributes,
        ...(isOther ? { traceId: OTHER_TRACE } : {}),
        links: link === null ? [] : [linkTo(link, isOther ? OTHER_TRACE : made('').traceId)],
      }),
    );
}

/** As of a step to one that it depends on. */
function linkTo(id: string, traceId: string): ReceivedSpan['links'][number] {
  const attributes = new Map([
    ['orchestration.link.type', 'depends_on'],
    ['orchestration.tool_id', 'audit'],
  ]);
  return { traceId, spanId: made(id).spanId, attributes };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function nameOf({ traceId, spanId }: ReceivedSpan): string {
  return traceId + spanId;
}

/** Notes say also how often spans came. */
function withoutNotes({ notes, ...run }: Run): object {
  return { ...run, notes: notes.filter((note) => !note.includes('more than once')) };
}

function notesOf(spans: readonly ReceivedSpan[]): readonly string[] {
  const { runs, notes } = readTrace(spans);
  return [...runs.flatMap((run) => run.notes), ...notes];
}

function draw(nodes: readonly SpanNode[], indent = ''): string[] {
  return nodes.flatMap(({ span, children }) => [indent + span.name, ...draw(children, `${indent}  `)]);
}

/** All spans of a view, wherever they are. */
function spansOf({ runs, foreign }: Pick<TraceView, 'runs' | 'foreign'>): ReceivedSpan[] {
  const found: ReceivedSpan[] = [];
  const addNodes = (nodes: readonly SpanNode[]): void => {
    for (const { span, children } of nodes) {
      found.push(span);
      addNodes(children);
    }
  };
  const addStep = ({ span, attempts, spans, steps, runs }: Step): void => {
    if (span) found.push(span);
    for (const attempt of attempts) {
      found.push(attempt.span);
      addNodes(attempt.spans);
    }
    addNodes(spans);
    steps.forEach(addStep);
    runs.forEach(addRun);
  };
  const addRun = ({ span, planSpans, groups, steps, spans }: Run): void => {
    found.push(...(span ? [span] : []), ...planSpans);
    for (const group of groups) {
      found.push(...(group.span ? [group.span] : []), ...group.moreSpans);
      group.steps.forEach(addStep);
    }
    steps.forEach(addStep);
    addNodes(spans);
  };
  runs.forEach(addRun);
  addNodes(foreign);
  return found;
}
