import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainFacts } from '../../src/explain/explain-run.ts';
import { PlanFacts, type RunFacts, type StepFacts } from '../../src/explain/facts.ts';
import type { Outcome } from '../../src/semconv.ts';
import { casesOf, MS, planFactsOf, runFactsOf, simulate, stepFacts } from './simulate.ts';

const outcome = fc.constantFrom<Outcome | undefined>(
  'success',
  'success',
  'failure',
  'error',
  'timeout',
  'cancellation',
  'skip',
  undefined,
);

/** Without digits, so that every digit in a verdict is a number of its own. */
const texts = fc.oneof(
  fc.constantFrom('fetch', 'a b', '__proto__', 'constructor', '', ' ', '…', 'rank'),
  fc.string({ unit: 'binary', maxLength: 1000 }),
  fc.string({
    unit: fc.constantFrom('a', '\n', '\r\n', '\u2028', '\u0085', '\t', '🚀', '👩‍👩‍👧', 'שלום', '\u202e', '\0', ' '),
    maxLength: 1000,
  }),
);
const names = texts.map((text) => text.replaceAll(/\p{N}/gu, 'x'));

/** Half of a character. */
const LONE = /\p{Cs}/u;

const time = fc.oneof(
  fc.integer({ min: -10, max: 100 }).map((ms) => ms * MS),
  fc.integer({ min: 0, max: 2 ** 53 }),
  fc.constantFrom(0, 1, 2 ** 64, -(2 ** 64)),
);

interface Told {
  readonly toolId: string;
  readonly sources: readonly number[];
  readonly steps: readonly Partial<StepFacts>[];
}

const told: fc.Arbitrary<Told> = fc.record({
  toolId: names,
  sources: fc.array(fc.nat(), { maxLength: 3 }),
  steps: fc.array(
    fc.record({
      startNs: time,
      endNs: time,
      outcome,
      error: fc.option(names, { nil: undefined }),
      skipReason: fc.option(names, { nil: undefined }),
      attempts: fc.integer({ min: 1, max: 5 }),
      retryNs: time.map(Math.abs),
      waitReason: fc.constantFrom(
        undefined,
        'slot' as const,
        'group' as const,
        'dependency' as const,
        'unknown' as const,
      ),
      mappings: fc.array(fc.record({ field: names, ref: names, resolved: fc.boolean() }), { maxLength: 2 }),
    }),
    { maxLength: 3 },
  ),
});

const anyRun: fc.Arbitrary<RunFacts> = fc
  .record({
    tools: fc.array(told, { maxLength: 8 }),
    extra: fc.array(told, { maxLength: 2 }),
    hasPlan: fc.boolean(),
    strategy: fc.constantFrom('serial', 'parallel', 'dag', undefined),
    planError: fc.option(names, { nil: undefined }),
    outcome,
    error: fc.option(names, { nil: undefined }),
    durationNs: time.map(Math.abs),
    clockNs: fc.constantFrom(0, 1000, 1_000_000),
    isLost: fc.func(fc.boolean()),
  })
  .map(({ tools, extra, hasPlan, strategy, planError, isLost, ...run }) => {
    // Dependencies may lead anywhere, cycles and the tool itself included.
    const groups = tools.map(({ toolId, sources }) => [
      {
        toolId,
        toolType: undefined,
        dependsOn: sources.map((source) => tools[source % tools.length]!.toolId),
        outputMapping: {},
      },
    ]);
    const plan = new PlanFacts({ strategy, groups: hasPlan ? groups : [], error: planError });
    const steps = [...tools, ...extra].flatMap(({ toolId, steps }) =>
      steps.map((step, at) => ({ ...stepFacts(plan, toolId, 0, 0), ...step, iteration: at + 1 })),
    );
    const ran = new Set(steps.map(({ toolId }) => toolId));
    const lost = new Set(plan.tools.map(({ toolId }) => toolId).filter((id) => !ran.has(id) && isLost(id)));
    return { ...run, hasEnded: run.outcome !== undefined || isLost('the end'), plan, steps, lost };
  });

describe('a verdict', () => {
  it('is one line of at most 300 characters that says something, whatever the run', () => {
    fc.assert(
      fc.property(anyRun, (facts) => {
        const { verdict } = explainFacts(facts);
        expect(verdict.length).toBeLessThanOrEqual(300);
        expect(verdict).toMatch(/^\S.*\S$/u);
        expect(verdict).not.toMatch(/[\n\r\u2028\u2029\u0085]/);
        expect(verdict).not.toMatch(/NaN|undefined|Infinity|\[object/);
        expect(!LONE.test(verdict) || !isWellFormed(facts)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('has a unit or a noun at every number', () => {
    fc.assert(
      fc.property(anyRun, (facts) => {
        const { verdict } = explainFacts(facts);
        const rest = verdict
          .replaceAll(/<?\d+(\.\d+)? (ms|s|min|h|%)(?![a-z])/g, '')
          .replaceAll(
            /\d+ (of \d+ )?(more )?(planned )?(other )?(steps?|tools?|attempts?|passes|references?|such starts?)\b/g,
            '',
          )
          .replaceAll(/(attempt|group) \d+|and \d+ more|\d+ others/g, '')
          .replaceAll(/ #\d+\b/g, '');
        expect(rest.replaceAll(/…$/g, '')).not.toMatch(/\d/);
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, Partial<RunFacts>, Partial<StepFacts>]>([
    ['a run', { outcome: 'failure', error: '' }, {}],
    ['a step', { outcome: 'failure' }, { outcome: 'failure', error: '' }],
    ['a step of a run that goes on', { outcome: undefined }, { outcome: 'failure', error: '' }],
    ['a step that was skipped', { outcome: 'success' }, { outcome: 'skip', skipReason: '' }],
  ])('of %s that gives no reason has no gap where it should stand', (_, run, step) => {
    const facts = runFactsOf({ needs: [[]], durations: [5] }, simulate({ needs: [[]], durations: [5] }));
    const steps = facts.steps.map((known) => ({ ...known, ...step }));
    const { verdict } = explainFacts({ ...facts, ...run, steps });
    expect(verdict).not.toMatch(/\(\)|: *\.|: *$|  /);
  });

  it('says of a run without steps that it had none', () => {
    const facts = runFactsOf({ needs: [], durations: [] }, simulate({ needs: [], durations: [] }));
    expect(explainFacts({ ...facts, durationNs: 5 * MS }).verdict).toBe('Succeeded in 5.0 ms; it had no steps.');
  });

  it('names the critical path', () => {
    // a 10 > b 20 > d 5 = 35, c 1 beside b.
    const tools = { needs: [[], [0], [0], [1, 2]], durations: [10, 20, 1, 5] };
    const { verdict } = explainFacts(runFactsOf(tools, simulate(tools)));
    // Were t1 half as long, 10 + 10 + 5 = 25: 10 ms less. It took 20 of 35 = 57 %.
    expect(verdict).toMatch(/^Succeeded in 35 ms: t1 took 20 ms .*57 %.*\. Critical path t0 > t1 > t3, 35 ms\.$/);
  });

  it('says what failed, why, and what did not run because of it', () => {
    const plan = planFactsOf({ needs: [[], [0], [1], []] });
    const failed = {
      ...stepFacts(plan, 't0', 0, 10 * MS),
      outcome: 'failure' as const,
      error: 'answered 503',
      attempts: 2,
    };
    const facts: RunFacts = {
      plan,
      hasEnded: true,
      outcome: 'failure',
      error: 'failed: t0',
      durationNs: 12 * MS,
      clockNs: 0,
      steps: [failed, stepFacts(plan, 't3', 0, 12 * MS)],
      lost: new Set(),
    };
    const { verdict, rootCause, affected, done, notDone } = explainFacts(facts);
    expect(verdict).toContain(
      'Failed after 12 ms: t0 failed after 2 attempts (answered 503); t1 and t2 did not run because of it.',
    );
    expect({ rootCause, affected, done }).toEqual({ rootCause: 't0', affected: ['t1', 't2'], done: ['t3'] });
    expect(notDone).toEqual([
      { toolId: 't0', reason: 'failure: answered 503' },
      { toolId: 't1', reason: 'not started' },
      { toolId: 't2', reason: 'not started' },
    ]);
  });

  it('leaves out a second sentence that does not fit', () => {
    const long = (name: string): string => name.padEnd(60, name);
    const tool = (name: string, ...dependsOn: string[]): PlanFacts['tools'][number] => ({
      toolId: long(name),
      toolType: undefined,
      dependsOn: dependsOn.map(long),
      outputMapping: {},
    });
    const groups = [[tool('a'), tool('b')], ['c', 'd', 'e', 'f'].map((name) => tool(name, 'a'))];
    const plan = new PlanFacts({ strategy: 'dag', groups, error: undefined });
    const steps = ['a', 'b'].map((name, at) => ({
      ...stepFacts(plan, long(name), 0, (at + 1) * MS),
      outcome: 'failure' as const,
      error: 'because '.repeat(50),
    }));
    const run = {
      hasEnded: true,
      outcome: 'failure' as const,
      error: undefined,
      durationNs: MS,
      clockNs: 0,
      lost: new Set<string>(),
    };
    const { verdict } = explainFacts({ ...run, plan, steps });
    expect(verdict.length).toBeLessThanOrEqual(300);
    expect(verdict).not.toContain('after it');
  });

  it('says of a run without an end what has all it needs, and how much waits for that', () => {
    // t0 > t1 > t2 > t3; t0 ended.
    const plan = planFactsOf({ needs: [[], [0], [1], [2]] });
    const facts = { ...runFactsOf({ needs: [], durations: [] }, simulate({ needs: [], durations: [] })), plan };
    const steps = [stepFacts(plan, 't0', 0, 10 * MS)];
    expect(explainFacts({ ...facts, hasEnded: false, outcome: undefined, durationNs: 10 * MS, steps }).verdict).toBe(
      'No end of the run arrived: 1 of 4 planned steps ended, the last 10 ms after the start. t1 could run, and no end of it arrived. 2 more steps waited for it.',
    );
  });

  it('and all else come from what is known, not from the order in which it is', () => {
    const even = fc.integer({ min: 1, max: 10 }).map((ms) => 2 ** ms);
    fc.assert(
      fc.property(casesOf(even, { minLength: 2 }), fc.integer({ min: 1, max: 3 }), fc.nat(), (tools, width, turn) => {
        // A bit of its own for each step: no two end at the same time.
        const durations = tools.durations.map((ms, step) => ms + 2 ** (step - 12));
        const facts = runFactsOf({ ...tools, durations }, simulate({ ...tools, durations }, { width }));
        const at = turn % facts.steps.length;
        const steps = [...facts.steps.slice(at), ...facts.steps.slice(0, at)];
        const { criticalPath, differences, parallelism, groups } = explainFacts(facts);
        const turned = explainFacts({ ...facts, steps });
        expect(turned).toMatchObject({ criticalPath, differences, parallelism, groups });
        expect(waitsOf(turned)).toEqual(waitsOf(explainFacts(facts)));
      }),
    );
  });
});

function waitsOf({ steps }: ReturnType<typeof explainFacts>): unknown[] {
  const byName = steps.toSorted((a, b) => (a.toolId < b.toolId ? -1 : 1));
  return byName.map(({ toolId, waitMs, waitReason, waitedFor, slackMs }) => [
    toolId,
    waitMs,
    waitReason,
    waitedFor,
    slackMs,
  ]);
}

/** Whether all that whoever made the run wrote is text that can be encoded. */
function isWellFormed({ plan, steps, error }: RunFacts): boolean {
  const said = steps.flatMap(({ toolId, error, skipReason, mappings }) => [
    toolId,
    error,
    skipReason,
    ...mappings.flatMap(({ field, ref }) => [field, ref]),
  ]);
  return [...said, error, plan.error, ...plan.tools.map(({ toolId }) => toolId)].every(
    (text) => text === undefined || !LONE.test(text),
  );
}
