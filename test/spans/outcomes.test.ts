import { beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/index.ts';
import { throwing } from '../helpers/hostile.ts';
import { attribute, record, shown, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

class LookupError extends Error {}
const abortError = (): DOMException => new DOMException('stopped', 'AbortError');
const timeoutError = (): DOMException => new DOMException('too slow', 'TimeoutError');

function causingItself(): Error {
  const error = new Error('boom');
  error.cause = error;
  return error;
}

function thrown(value: unknown): { outcome: unknown; type: unknown; status: object; events: unknown } {
  const recording = record();
  const tool = recording.traceTool('tool', () => {
    throw value;
  });
  expect(tool).toThrow();
  const [step] = recording.spans();
  const { attributes, status, events } = step!;
  return {
    outcome: attribute(step!, 'outcome'),
    type: attributes['error.type'],
    status,
    events: events.map(({ name, attributes }) => [
      name,
      attributes?.['exception.type'],
      attributes?.['exception.message'],
    ]),
  };
}

describe('a step that throws', () => {
  it.each([
    ['a class of its own', new LookupError('no such item'), 'LookupError', 'no such item'],
    ['a class of the platform', new RangeError('too large'), 'RangeError', 'too large'],
    ['a plain Error', new Error('boom'), 'Error', 'boom'],
    ['a name that was set', Object.assign(new Error('x'), { name: 'HttpError' }), 'HttpError', 'x'],
    ['a text', 'plain text', '_OTHER', 'plain text'],
    ['a number', 404, '_OTHER', '404'],
    ['an object with a message', { message: 'from an object' }, 'Object', 'from an object'],
    ['an object without a prototype', Object.assign(Object.create(null), { message: 'bare' }), '_OTHER', 'bare'],
  ])('has the status, the type and an event of %s', (_name, value, type, message) => {
    expect(thrown(value)).toEqual({
      outcome: 'failure',
      type,
      status: { code: 2, message },
      events: [['exception', type, message]],
    });
  });

  it('has the stack in the event', () => {
    const recording = record();
    const error = new LookupError('no such item');
    const tool = recording.traceTool('tool', () => {
      throw error;
    });
    expect(tool).toThrow(error);
    expect(recording.spans()[0]?.events[0]?.attributes?.['exception.stacktrace']).toBe(error.stack);
  });

  it.each([
    [
      'a cause',
      new Error('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
      'fetch failed: connect ECONNREFUSED',
    ],
    ['the cause of a cause', new Error('a', { cause: new Error('b', { cause: 'c' }) }), 'a: b: c'],
    ['a cause that it names', new Error('no: denied', { cause: new Error('denied') }), 'no: denied'],
    ['a cause alone', new Error('', { cause: new Error('denied') }), 'denied'],
    ['a cause that says nothing', new Error('boom', { cause: { code: 1 } }), 'boom'],
    [
      'a cause that cannot be read',
      Object.defineProperty(new Error('boom'), 'cause', { get: throwing('cause') }),
      'boom',
    ],
    ['itself as a cause', causingItself(), 'boom'],
    [
      'more causes than are told',
      Array.from('jihgfedcba').reduce((cause, text) => new Error(text, { cause }), new Error('k')),
      'a: b: c: d: e: f: g: h: i',
    ],
    [
      'errors instead of a message',
      new Error('boom', { cause: new AggregateError([new Error('a'), 1, new Error('b')]) }),
      'boom: a, b',
    ],
    [
      'errors beside a message',
      new AggregateError([new Error('one down'), new Error('two down')], 'All promises were rejected'),
      'All promises were rejected: one down, two down',
    ],
    ['a cause that is no error', new Error('not saved.', { cause: { code: 'ENOSPC' } }), 'not saved: ENOSPC'],
  ])('says why, of an error with %s', (_name, value, message) => {
    expect(thrown(value)).toMatchObject({
      status: { code: 2, message },
      events: [['exception', expect.any(String), message]],
    });
  });

  it('has the stacks of its causes in the event', () => {
    const cause = new LookupError('no such item');
    const error = new Error('boom', { cause });
    const recording = record();
    const tool = recording.traceTool('tool', () => {
      throw error;
    });
    expect(tool).toThrow(error);
    const stack = recording.spans()[0]?.events[0]?.attributes?.['exception.stacktrace'];
    expect(stack).toBe(`${error.stack}\n[cause]: ${cause.stack}`);
  });

  it('is timed out when a TimeoutError says so', () => {
    expect(thrown(timeoutError())).toEqual({
      outcome: 'timeout',
      type: 'timeout',
      status: { code: 2, message: 'too slow' },
      events: [['exception', 'timeout', 'too slow']],
    });
  });

  it('is cancelled, which is no error, when an AbortError says so', () => {
    expect(thrown(abortError())).toEqual({ outcome: 'cancellation', type: undefined, status: { code: 0 }, events: [] });
  });
});

describe('a failure that is returned', () => {
  const returned = (value: unknown, options = {}): unknown[] => {
    const recording = record(options);
    expect(recording.traceTool('tool', () => value)()).toBe(value);
    const [step] = recording.spans();
    return [attribute(step!, 'outcome'), step!.status, step!.attributes['error.type']];
  };

  it('is one with success false or isError true, with what it says', () => {
    expect(returned({ success: false, error: 'not found' })).toEqual([
      'failure',
      { code: 2, message: 'not found' },
      '_OTHER',
    ]);
    expect(returned({ success: false, error: new LookupError('gone') })).toEqual([
      'failure',
      { code: 2, message: 'gone' },
      'LookupError',
    ]);
    expect(returned({ isError: true, message: 'bad' })).toEqual(['failure', { code: 2, message: 'bad' }, '_OTHER']);
    expect(returned({ success: false })).toEqual([
      'failure',
      { code: 2, message: 'the tool reported failure' },
      '_OTHER',
    ]);
  });

  it('is none where success is no own property, a getter, or true', () => {
    const getter = Object.defineProperty({}, 'success', { get: () => false });
    for (const value of [
      Object.create({ success: false }),
      getter,
      { success: true },
      { success: 0 },
      { isError: 1 },
      null,
      'x',
    ]) {
      expect(returned(value)).toEqual(['success', { code: 0 }, undefined]);
    }
  });

  it('is what isFailure says', () => {
    const isFailure = (result: unknown): boolean => result === 'bad';
    expect(returned('bad', { isFailure })[0]).toBe('failure');
    expect(returned({ success: false }, { isFailure })[0]).toBe('success');
  });

  it('is what the isFailure of its run says, for a tool without one of its own', () => {
    const recording = record();
    const [plain, own] = [
      recording.traceTool('plain', () => 'bad'),
      recording.traceTool('own', () => 'bad', { isFailure: () => false }),
    ];
    recording.traceOrchestration(undefined, () => void [plain(), own()], { isFailure: (result) => result === 'bad' });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [failure]
          step plain [failure]
        group 1 serial [success]
          step own [success]"
    `);
  });
});

describe('a step that is skipped', () => {
  it('has a span of a nanosecond, with the reason, and is no error', () => {
    const recording = record();
    recording.traceOrchestration(undefined, (run) => run.skip('a', 'condition not met'));
    const step = recording.span('step a');
    expect([step.duration, step.status.code]).toEqual([[0, 1], 0]);
    expect(shown(step.attributes)).toMatchInlineSnapshot(`
      {
        "execution_order": 0,
        "group_index": 0,
        "outcome": "skip",
        "skip_reason": "condition not met",
        "span.type": "step",
        "tool_id": "a",
        "tool_type": "unknown",
      }
    `);
  });

  it('has none with skippedSpans: false, and is counted all the same', () => {
    const recording = record({ skippedSpans: false });
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) => run.skip('a', 'no need'));
    expect(recording.ofType('step')).toEqual([]);
    expect(attribute(recording.ofType('run')[0]!, 'skipped')).toEqual(['a']);
  });
});

describe('the end of a run', () => {
  const plan = {
    name: 'p',
    tools: [
      { tool_id: 'auth' },
      { tool_id: 'rates' },
      { tool_id: 'fetch', depends_on: ['auth'] },
      { tool_id: 'rank', depends_on: ['fetch'] },
      { tool_id: 'write', depends_on: ['rank', 'rates'] },
      { tool_id: 'log', depends_on: ['rates'] },
    ],
  };
  const fail = (run: Run, toolId: string): void => {
    expect(() =>
      run.step(toolId, () => {
        throw new Error(`${toolId} failed`);
      }),
    ).toThrow();
  };

  it('says what failed, was skipped and never started, what failed first and how far that reached', () => {
    const recording = record();
    const error = new LookupError('auth failed');
    const work = (): unknown =>
      recording.traceOrchestration(plan, (run) => {
        fail(run, 'rates');
        fail(run, 'auth');
        run.skip('fetch', 'dependency failed: auth');
        throw error;
      });
    expect(work).toThrow(error);
    const run = recording.ofType('run')[0]!;
    expect(shown(run.attributes)).toMatchInlineSnapshot(`
      {
        "blast_radius": 2,
        "error.type": "LookupError",
        "failed": [
          "rates",
          "auth",
        ],
        "not_started": [
          "rank",
          "write",
          "log",
        ],
        "outcome": "failure",
        "plan.name": "p",
        "plan.source": "declared",
        "root_cause": "rates",
        "skipped": [
          "fetch",
        ],
        "span.type": "run",
        "strategy": "dag",
        "total_groups": 4,
        "total_tools": 6,
      }
    `);
    expect(run.status).toEqual({ code: 2, message: 'auth failed' });
  });

  it('counts what needs the root cause only through others, and only what did not run', async () => {
    const recording = record();
    const boom = (): never => {
      throw new Error('boom');
    };
    await recording.runPlan(plan, {
      tools: { auth: boom, rates: () => 1, fetch: () => 1, rank: () => 1, write: () => 1, log: () => 1 },
    });
    expect(shown(recording.ofType('run')[0]!.attributes)).toMatchObject({
      root_cause: 'auth',
      failed: ['auth'],
      skipped: ['fetch', 'rank', 'write'],
      blast_radius: 3,
    });
  });

  it('leaves out what there is none of', () => {
    const recording = record();
    recording.traceOrchestration({ name: 'p', tools: [{ tool_id: 'a' }] }, (run) => run.step('a', () => {}));
    expect(Object.keys(shown(recording.ofType('run')[0]!.attributes)).toSorted()).toEqual([
      'outcome',
      'plan.name',
      'plan.source',
      'span.type',
      'strategy',
      'total_groups',
      'total_tools',
    ]);
  });

  it('is the outcome of the work: failure when it reports one, cancellation when it is aborted', () => {
    const recording = record();
    recording.traceOrchestration(undefined, () => ({ success: false, error: 'no rows' }), { name: 'reports' });
    expect(() =>
      recording.traceOrchestration(
        undefined,
        () => {
          throw abortError();
        },
        { name: 'aborts' },
      ),
    ).toThrow();
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration reports [failure]
      orchestration aborts [cancellation]"
    `);
    expect(recording.span('orchestration reports').status).toEqual({ code: 2, message: 'no rows' });
    expect(recording.span('orchestration aborts').status.code).toBe(0);
  });

  it('comes once the work is done, and not before', async () => {
    const recording = record();
    const work = recording.traceOrchestration(undefined, async () => {
      await Promise.resolve();
      return 'done';
    });
    expect(recording.spans()).toEqual([]);
    expect(await work).toBe('done');
    expect(recording.tree()).toBe('orchestration [success]');
  });
});
