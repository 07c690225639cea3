import { describe, expect, it } from 'vitest';
import { explainRun } from '../../src/explain/explain-run.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import { createExecutionPlanTrace, type PlanInput } from '../../src/index.ts';
import { ours } from './made-spans.ts';

interface MadeStep {
  /** Seconds since the run started: from, to. */
  s: readonly [number, number];
  outcome?: string;
  error?: string;
  skipReason?: string;
  /** When each attempt ran. */
  attempts?: readonly (readonly [number, number])[];
  mappings?: readonly object[];
}

/** A run that was slow or failed, as its spans tell it. */
interface Made {
  plan?: PlanInput;
  /** Undefined for a run whose end did not arrive. */
  seconds: number | undefined;
  outcome?: string;
  error?: string;
  cancelReason?: string;
  steps: Record<string, MadeStep>;
}

function verdictOf({ plan, seconds, outcome = 'success', error, cancelReason, steps }: Made): string {
  const trace = plan && createExecutionPlanTrace(plan);
  const spans: ReceivedSpan[] = [];
  const ms = ([from, to]: readonly [number, number]): readonly [number, number] => [from * 1000, to * 1000];
  const failed = (message: string | undefined): object =>
    message === undefined ? {} : { status: { code: 'error', message } };
  if (seconds !== undefined) {
    const cancelled = cancelReason === undefined ? {} : { cancel_reason: cancelReason };
    const attributes = { outcome, ...cancelled, ...(trace && { strategy: trace.strategy }) };
    spans.push(ours('run', 'run', { ms: ms([0, seconds]), attributes, ...failed(error) }));
  }
  if (trace) spans.push(ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: JSON.stringify(trace) } }));
  for (const [id, step] of Object.entries(steps)) {
    const group = trace?.execution_groups.find(({ tools }) => tools.some(({ tool_id }) => tool_id === id));
    const attributes = {
      tool_id: id,
      outcome: step.outcome ?? 'success',
      ...(group && { group_index: group.group_index }),
      ...(step.skipReason !== undefined && { skip_reason: step.skipReason }),
      ...(step.attempts && { attempt_count: step.attempts.length }),
      ...(step.mappings && { mappings: JSON.stringify(step.mappings) }),
    };
    spans.push(ours('step', id, { parent: 'run', ms: ms(step.s), attributes, ...failed(step.error) }));
    for (const [index, attempt] of (step.attempts ?? []).entries())
      spans.push(
        ours('attempt', `${id}/${index}`, { parent: id, ms: ms(attempt), attributes: { attempt: index + 1 } }),
      );
  }
  const [run] = reconstruct(spans);
  return explainRun(run!).verdict;
}

const chain = (...ids: string[]): PlanInput => ({
  strategy: 'dag',
  tools: ids.map((tool_id, index) => ({ tool_id, depends_on: index === 0 ? [] : [ids[index - 1]!] })),
});

const FAN: PlanInput = {
  strategy: 'dag',
  tools: [
    { tool_id: 'fetch' },
    { tool_id: 'lookup' },
    { tool_id: 'rank', depends_on: ['fetch'] },
    { tool_id: 'write', depends_on: ['rank', 'lookup'] },
  ],
};

describe('the verdict of a run', () => {
  it('1: that failed at its root, with what that kept from running', () => {
    const plan: PlanInput = {
      strategy: 'dag',
      tools: [
        { tool_id: 'auth' },
        ...['orders', 'stock', 'report'].map((tool_id) => ({ tool_id, depends_on: ['auth'] })),
      ],
    };
    const skipped: MadeStep = { s: [0.4, 0.4], outcome: 'skip', skipReason: 'dependency failed: auth' };
    const verdict = verdictOf({
      plan,
      seconds: 0.41,
      outcome: 'failure',
      error: 'failed: auth',
      steps: {
        auth: { s: [0, 0.4], outcome: 'failure', error: '401 Unauthorized' },
        orders: skipped,
        stock: skipped,
        report: skipped,
      },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Failed after 410 ms: auth failed (401 Unauthorized); orders, stock and report did not run because of it."`,
    );
  });

  it('2: that failed by a timeout of every attempt', () => {
    const verdict = verdictOf({
      plan: chain('lookup', 'rank', 'write'),
      seconds: 16.5,
      outcome: 'failure',
      steps: {
        lookup: {
          s: [0, 16.4],
          outcome: 'timeout',
          error: 'Timeout after 5000ms',
          attempts: [
            [0, 5],
            [5.4, 10.4],
            [11.4, 16.4],
          ],
        },
        rank: { s: [16.4, 16.4], outcome: 'skip', skipReason: 'dependency failed: lookup' },
        write: { s: [16.4, 16.4], outcome: 'skip', skipReason: 'dependency skipped: rank' },
      },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Failed after 16.5 s: lookup timed out after 3 attempts (Timeout after 5000ms); rank and write did not run because of it."`,
    );
  });

  it('3: that succeeded late because a step was tried again', () => {
    const verdict = verdictOf({
      plan: FAN,
      seconds: 42,
      steps: {
        fetch: { s: [0, 8] },
        lookup: {
          s: [0, 30],
          attempts: [
            [0, 20],
            [22, 30],
          ],
        },
        rank: { s: [8, 14] },
        write: { s: [30, 42] },
      },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 42.0 s: lookup needed 2 attempts, the last began 22.0 s after the first. Critical path lookup > write, 42.0 s."`,
    );
  });

  it('4: in which steps waited for groups that they do not need', () => {
    const verdict = verdictOf({
      plan: FAN,
      seconds: 42,
      steps: { fetch: { s: [0, 8] }, lookup: { s: [0, 20] }, rank: { s: [20, 32] }, write: { s: [32, 42] } },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 42.0 s: rank had all it needs, but waited 12.0 s for lookup and the rest of the groups before it; without that about 12.0 s less. Critical path fetch > rank > write, 30.0 s."`,
    );
  });

  it('5: in which more could have run at once', () => {
    const tools = Array.from({ length: 8 }, (_, index) => ({ tool_id: `page-${index}` }));
    const steps = Object.fromEntries(
      tools.map(({ tool_id }, index) => [
        tool_id,
        { s: [3 * Math.floor(index / 2), 3 * Math.floor(index / 2) + 3] as const },
      ]),
    );
    expect(verdictOf({ plan: { strategy: 'parallel', tools }, seconds: 12, steps })).toMatchInlineSnapshot(
      `"Succeeded in 12.0 s: page-6 waited 9.00 s for a free slot (5 other steps waited less): never more than 2 ran at once; without that limit about 9.00 s less."`,
    );
  });

  it('6: whose group was to run at once and ran one after another', () => {
    const tools = ['a', 'b', 'c'].map((tool_id) => ({ tool_id }));
    const steps = { a: { s: [0, 4] as const }, b: { s: [4, 7] as const }, c: { s: [7, 9] as const } };
    expect(verdictOf({ plan: { strategy: 'parallel', tools }, seconds: 9, steps })).toMatchInlineSnapshot(
      `"Succeeded in 9.00 s: the 3 steps of group 0 may run at once, but ran one after another, 9.00 s; side by side about 5.00 s less."`,
    );
  });

  it('7: of a serial plan whose steps need not wait for each other', () => {
    const plan: PlanInput = {
      strategy: 'serial',
      tools: [
        { tool_id: 'orders' },
        { tool_id: 'stock' },
        { tool_id: 'report', depends_on: ['orders', 'stock'], output_mapping: { rows: '{orders.data.rows}' } },
      ],
    };
    const steps = {
      orders: { s: [0, 10] as const },
      stock: { s: [10, 19] as const },
      report: { s: [19, 21] as const },
    };
    expect(verdictOf({ plan, seconds: 21, steps })).toMatchInlineSnapshot(
      `"Succeeded in 21.0 s: the plan is serial, but nothing in it says that stock needs orders; run by its dependencies alone, about 9.00 s less. Critical path orders > stock > report, 21.0 s."`,
    );
  });

  it('8: that one step took most of', () => {
    const verdict = verdictOf({
      plan: FAN,
      seconds: 60,
      steps: { fetch: { s: [0, 5] }, lookup: { s: [0, 6] }, rank: { s: [5, 55] }, write: { s: [55, 60] } },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 1 min 0 s: rank took 50.0 s (83 % of the run). Critical path fetch > rank > write, 1 min 0 s."`,
    );
  });

  it('9: whose process ended, or that hangs: what could have run and has not ended', () => {
    const verdict = verdictOf({
      plan: FAN,
      seconds: undefined,
      steps: { fetch: { s: [0, 5] }, lookup: { s: [0, 6] } },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"No end of the run arrived: 2 of 4 planned steps ended, the last 6.00 s after the start. rank could run, and no end of it arrived. 1 more step waited for it."`,
    );
  });

  it('10: that succeeded although a step got nothing of what it was to read', () => {
    const verdict = verdictOf({
      plan: {
        strategy: 'dag',
        tools: [
          { tool_id: 'sum' },
          { tool_id: 'report', depends_on: ['sum'], output_mapping: { total: '{sum.data.totl}' } },
        ],
      },
      seconds: 2,
      steps: {
        sum: { s: [0, 1] },
        report: { s: [1, 2], mappings: [{ field: 'total', ref: '{sum.data.totl}', resolved: false }] },
      },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 2.00 s, but report got nothing for total: {sum.data.totl} found nothing. sum took 1.00 s (50 % of the run)."`,
    );
  });

  it('11: with a gap in which nothing that is known kept the next step', () => {
    const verdict = verdictOf({
      plan: chain('ask', 'search', 'answer'),
      seconds: 30,
      steps: { ask: { s: [0, 4] }, search: { s: [14, 18] }, answer: { s: [18, 30] } },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 30.0 s: 10.0 s passed between the end of ask and the start of search. Critical path ask > search > answer, 20.0 s."`,
    );
  });

  it('12: without a plan: what took the time, and how long no step ran', () => {
    const verdict = verdictOf({
      seconds: 20,
      steps: { search: { s: [1, 3] }, read: { s: [3, 7] }, answer: { s: [18, 20] } },
    });
    expect(verdict).toMatchInlineSnapshot(`"Succeeded in 20.0 s: no step ran for 12.0 s of it."`);
  });

  it('13: that was cancelled', () => {
    const verdict = verdictOf({
      plan: FAN,
      seconds: 7,
      outcome: 'cancellation',
      cancelReason: 'operator pressed stop',
      steps: {
        fetch: { s: [0, 5] },
        lookup: { s: [0, 7], outcome: 'cancellation' },
        rank: { s: [5, 7], outcome: 'cancellation' },
        write: { s: [7, 7], outcome: 'skip', skipReason: 'run cancelled' },
      },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Cancelled after 7.00 s (operator pressed stop) while lookup and rank ran: 1 of 4 steps had succeeded. write did not run."`,
    );
  });

  it('14: in which a step started before what it needs had ended', () => {
    const verdict = verdictOf({
      plan: chain('write', 'publish'),
      seconds: 9,
      steps: { write: { s: [0, 8] }, publish: { s: [5, 9] } },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 9.00 s, but publish started 3.00 s before write, which it needs, had ended. publish took 4.00 s (44 % of the run)."`,
    );
  });

  it('15: that went on after its last step', () => {
    const verdict = verdictOf({
      plan: chain('load', 'store'),
      seconds: 25,
      steps: { load: { s: [0, 3] }, store: { s: [3, 6] } },
    });
    expect(verdict).toMatchInlineSnapshot(
      `"Succeeded in 25.0 s: the run went on for 19.0 s after its last step, store. Critical path load > store, 6.00 s."`,
    );
  });
});
