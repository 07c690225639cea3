import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAIL_ON_HELP, failures, parseFailOn } from '../../src/cli/fail-on.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import type { Reference } from '../../src/explain/compare/reference.ts';
import type { Run } from '../../src/explain/read/run.ts';
import { ours, OVERVIEW_PLAN, overviewSpans } from '../explain/made-spans.ts';

const MS = 1e6;

describe('reading rules', () => {
  it('takes words and limits, with and without a sign, in any spacing', () => {
    const rules = parseFailOn(
      ' failure,not_started , duration > 30s,critical_path>+500ms,wait>1.5min,step:rank>+50% ',
      {
        hasReference: true,
      },
    );
    expect(rules).toEqual([
      { kind: 'word', text: 'failure', word: 'failure' },
      { kind: 'word', text: 'not_started', word: 'not_started' },
      { kind: 'measure', text: 'duration > 30s', measure: 'duration', limit: { ns: 30_000 * MS } },
      { kind: 'measure', text: 'critical_path>+500ms', measure: 'critical_path', limit: { moreNs: 500 * MS } },
      { kind: 'measure', text: 'wait>1.5min', measure: 'wait', limit: { ns: 90_000 * MS } },
      { kind: 'measure', text: 'step:rank>+50%', measure: 'step', toolId: 'rank', limit: { morePercent: 50 } },
    ]);
  });

  it('takes ids that have the signs of rules in them', () => {
    expect(parseFailOn('step:a>b>1h')).toMatchObject([{ toolId: 'a>b', limit: { ns: 3_600_000 * MS } }]);
    expect(parseFailOn('step:"a, b">1s,failure')).toMatchObject([{ toolId: 'a, b' }, { word: 'failure' }]);
  });

  it.each([
    ['failrue', '--fail-on: unknown word failrue; did you mean failure?'],
    ['retries>0', '--fail-on: unknown measure retries; there is duration, critical_path, wait, step:ID'],
    ['duratoin>30s', '--fail-on: unknown measure duratoin; did you mean duration?'],
    ['duration', '--fail-on: duration needs a limit, such as duration>30s'],
    ['step:rank', '--fail-on: step:rank needs a limit, such as step:rank>30s'],
    ['step>5s', '--fail-on: step>5s names no step: step:ID>5s'],
    ['step:>5s', '--fail-on: step:>5s names no step: step:ID>5s'],
    ['failure>5s', '--fail-on: failure has no limit: leave out >5s'],
    ['duration<5s', '--fail-on: duration<5s cannot be read: limits have >, such as duration>30s'],
    ['duration>30', '--fail-on: the limit of duration>30 must be like 500ms, 30s, 2min, +500ms or +20%, got 30'],
    ['duration>20%', '--fail-on: the limit of duration>20% must be like 500ms, 30s, 2min, +500ms or +20%, got 20%'],
    ['failure,,error', '--fail-on has an empty rule; give it a list such as failure,duration>30s'],
    ['', '--fail-on has an empty rule; give it a list such as failure,duration>30s'],
    [
      'duration>+20%',
      '--fail-on: duration>+20% needs another run: use orchestrace compare, with A and B or --baseline',
    ],
    ['plan_changed', '--fail-on: plan_changed needs another run: use orchestrace compare, with A and B or --baseline'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFailOn(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', message }));
  });

  it('lists what there is where nothing is near', () => {
    expect(() => parseFailOn('qqqqqq')).toThrow(
      '--fail-on: unknown word qqqqqq; there is failure, error, timeout, cancellation, incomplete, not_started, no_span, skipped, extra, early, out_of_order, retried, repeated, wider, narrower, broken_plan, lost_spans, plan_not_followed, early_start, outlived, unresolved_mapping, plan_changed, duration, critical_path, wait, step:ID',
    );
  });

  it.each([
    ['the help', (): string => FAIL_ON_HELP],
    ['the README', (): string => readFileSync('README.md', 'utf8').split('### A comparison')[1]!],
  ])('has all its words in %s', (_, textOf) => {
    const text = textOf();
    for (const name of wordsThereAre()) expect(text).toMatch(new RegExp(String.raw`\b${name}\b`));
  });

  it('reads or refuses whatever comes, and never fails otherwise', () => {
    const part = fc.constantFrom(
      'failure',
      'duration',
      'step:',
      'a',
      '>',
      '+',
      '5',
      's',
      '%',
      'ms',
      ',',
      '"',
      ' ',
      '<',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (text) => {
        try {
          expect(parseFailOn(text, { hasReference: true }).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE_INVALID' });
        }
      }),
    );
  });
});

it('reads nothing of a run that no rule is about', () => {
  const untouchable = new Proxy({} as Run, {
    get: () => {
      throw new Error('it was read');
    },
  });
  expect(failures([], untouchable)).toEqual([]);
});

describe('words', () => {
  it('name the steps that failed, in whatever way or in one', () => {
    expect(judge(overviewSpans(), 'failure,error,timeout,cancellation')).toEqual([
      'failure: step audit ended with failure: audit answered 503',
    ]);
    expect(judge(withOutcome('audit', 'timeout'), 'timeout,error')).toEqual([
      'timeout: step audit ended with timeout: audit answered 503',
    ]);
  });

  it('name the run where no step is to blame', () => {
    const run = ours('run', 'run', { ms: [0, 5], attributes: { outcome: 'cancellation' } });
    expect(judge([run], 'cancellation,failure')).toEqual(['cancellation: the run ended with cancellation']);
  });

  it('pass for a step that succeeded in a later pass', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 9], attributes: { outcome: 'success' } }),
      ours('step', 's1', { parent: 'run', ms: [1, 2], attributes: { tool_id: 'a', outcome: 'failure' } }),
      ours('step', 's2', { parent: 'run', ms: [3, 4], attributes: { tool_id: 'a', iteration: 2, outcome: 'success' } }),
    ];
    const planned = [...spans, ours('plan', 'p', { parent: 'run', attributes: { execution_plan: planOf(['a']) } })];
    expect(judge(planned, 'failure')).toEqual([]);
  });

  it('name every difference from the plan of a kind, the first three in words', () => {
    const kept = new Set(['run', 'plan', 'publish']);
    const spans = overviewSpans().filter(({ spanId }) => kept.has(shortId(spanId)));
    expect(judge(spans, 'not_started,no_span,skipped,retried')).toEqual([
      'no_span: primary has no span: it did not arrive; secondary has no span: it did not arrive; aggregate has no span: it did not arrive; and 1 more',
      'skipped: publish was skipped: dependency failed: audit',
    ]);
    expect(judge(overviewSpans(), 'skipped,retried,extra')).toEqual([
      'skipped: publish was skipped: dependency failed: audit',
      'retried: audit took 2 attempts; the last started after 40 ms',
    ]);
  });

  it('name what is wrong with a trace', () => {
    expect(judge(overviewSpans(), 'unresolved_mapping,broken_plan,lost_spans,early_start')).toEqual([
      'unresolved_mapping: aggregate got nothing for limit: {secondary.data.limit} found nothing',
    ]);
  });

  it('say what of a trace did not arrive', () => {
    const spans = overviewSpans();
    expect(judge(spans, 'incomplete')).toEqual([]);
    expect(
      judge(
        spans.filter(({ spanId }) => shortId(spanId) !== 'run'),
        'incomplete',
      ),
    ).toEqual(['incomplete: no end of the run arrived']);
    expect(
      judge(
        spans.filter(({ spanId }) => shortId(spanId) !== 'primary'),
        'incomplete',
      ),
    ).toEqual(['incomplete: no span of primary arrived']);
    const run = ours('run', 'run', { ms: [0, 5], attributes: { outcome: 'success', 'plan.source': 'declared' } });
    expect(judge([run], 'incomplete')).toEqual(['incomplete: the plan did not arrive']);
  });
});

describe('limits', () => {
  // The run takes 100 ms, audit 68 ms, the critical path secondary (29 ms) > audit 97 ms.
  it('fail when they are exceeded, not when they are reached', () => {
    expect(judge(overviewSpans(), 'duration>100ms,critical_path>97ms,step:audit>68ms')).toEqual([]);
    expect(judge(overviewSpans(), 'duration>99ms,critical_path>0.09s,step:audit>67.9ms')).toEqual([
      'duration>99ms: the run took 100 ms',
      'critical_path>0.09s: the critical path took 97 ms',
      'step:audit>67.9ms: audit took 68 ms',
    ]);
  });

  it('add up the passes of a step, and the waits of all steps', () => {
    const plan = planOf(['a']);
    const step = (id: string, iteration: number, ms: [number, number]): ReceivedSpan =>
      ours('step', id, { parent: 'run', ms, attributes: { tool_id: 'a', iteration, outcome: 'success' } });
    const spans = [
      ours('run', 'run', { ms: [0, 100], attributes: { outcome: 'success' } }),
      ours('plan', 'p', { parent: 'run', attributes: { execution_plan: plan } }),
      step('s1', 1, [20, 30]),
      step('s2', 2, [50, 65]),
    ];
    // 10 + 15; 20 before the first pass, 20 between the two.
    expect(judge(spans, 'step:a>24ms,wait>39ms,step:a>25ms,wait>40ms')).toEqual([
      'step:a>24ms: a took 25 ms',
      'wait>39ms: its steps waited 40 ms',
    ]);
  });

  it('fail when they cannot be checked, but for a step that was skipped', () => {
    expect(judge(overviewSpans(), 'step:publish>1ms,step:typo>1ms')).toEqual([
      'step:typo>1ms: cannot be checked: the run has no step typo that ran or was skipped',
    ]);
    const open = overviewSpans().filter(({ spanId }) => shortId(spanId) !== 'run');
    expect(judge(open, 'duration>1s,duration>5ms,critical_path>1s')).toEqual([
      'duration>1s: cannot be checked: no end of the run arrived',
      'duration>5ms: the run took 99 ms',
      'critical_path>1s: cannot be checked: no end of the run arrived',
    ]);
  });

  it('compare with another run', () => {
    const reference: Reference = {
      name: 'the run before',
      durationNs: 80 * MS,
      criticalPathNs: undefined,
      waitNs: 0,
      toolNs: new Map([['audit', 0]]),
      planChanges: [{ kind: 'tool_added', toolId: 'audit', before: undefined, after: 'audit', text: 'audit is new' }],
    };
    const rules = 'duration>+25%,duration>+20ms,duration>+24%,duration>+19ms,step:audit>+900%,plan_changed';
    expect(judge(overviewSpans(), `${rules},step:primary>+1%,critical_path>+1%`, reference)).toEqual([
      'duration>+24%: the run took 100 ms, 20 ms longer than the run before (+25 %)',
      'duration>+19ms: the run took 100 ms, 20 ms longer than the run before (+25 %)',
      'step:audit>+900%: audit took 68 ms, 68 ms longer than the run before',
      'plan_changed: audit is new',
      'step:primary>+1%: cannot be checked: the run before has nothing to compare it with',
      'critical_path>+1%: cannot be checked: the run before has nothing to compare it with',
    ]);
  });
});

function judge(spans: readonly ReceivedSpan[], text: string, reference?: Reference): string[] {
  const [run] = reconstruct(spans) as [Run];
  const rules = parseFailOn(text, { hasReference: reference !== undefined });
  return failures(rules, run, reference);
}

/** As the message for an unknown one lists them. */
function wordsThereAre(): string[] {
  try {
    parseFailOn('qqqqqq');
  } catch (error) {
    return (error as Error).message.split('there is ')[1]!.split(', ');
  }
  return [];
}

function withOutcome(id: string, outcome: string): ReceivedSpan[] {
  return overviewSpans().map((span) =>
    shortId(span.spanId) === id
      ? { ...span, attributes: new Map(span.attributes).set('orchestration.outcome', outcome) }
      : span,
  );
}

function shortId(spanId: string): string {
  return [...overviewSpans()].some((span) => span.spanId === spanId)
    ? Buffer.from(spanId, 'hex').toString().replaceAll('\0', '')
    : '';
}

function planOf(toolIds: readonly string[]): string {
  const plan = JSON.parse(OVERVIEW_PLAN) as { execution_groups: { tools: object[] }[] };
  const [group] = plan.execution_groups;
  const [tool] = group!.tools;
  return JSON.stringify({
    ...plan,
    execution_groups: [{ ...group, tools: toolIds.map((id) => ({ ...tool, tool_id: id })) }],
  });
}
