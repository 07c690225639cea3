import { AsyncResource } from 'node:async_hooks';
import { beforeAll, describe, expect, it } from 'vitest';
import { record, settled, useContextManager, type Recording } from '../../helpers/spans.ts';
import { outcomeOf, wrapLines } from './wrap-lines.ts';

beforeAll(useContextManager);

interface Job {
  readonly id: string;
  readonly type: string;
  readonly work: () => Promise<unknown>;
}

/** What people have: a queue, and workers that take jobs from it, in loops that started long before anything was enqueued. */
class JobQueue {
  readonly done: string[] = [];
  readonly #waiting: { start: () => Promise<unknown>; settle: (result: Promise<unknown>) => void }[] = [];
  readonly #bind: <F extends () => unknown>(call: F) => F;
  #idle: (() => void)[] = [];

  constructor(bind: <F extends () => unknown>(call: F) => F = (call) => call) {
    this.#bind = bind;
  }

  startWorkers(count: number): void {
    for (let worker = 0; worker < count; worker++) void this.#loop();
  }

  async enqueueAll(jobs: readonly Job[]): Promise<unknown[]> {
    const results = jobs.map((job) => {
      const start = this.#bind(() => this.process(job));
      return new Promise<unknown>((resolve) => this.#waiting.push({ start, settle: resolve }));
    });
    await settled();
    for (const wake of this.#idle.splice(0)) wake();
    return Promise.all(results);
  }

  async process(job: Job): Promise<unknown> {
    const result = await job.work();
    this.done.push(job.id);
    return result;
  }

  async #loop(): Promise<never> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next) {
        const result = next.start();
        next.settle(result);
        await result.catch(() => {});
      } else {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
      }
    }
  }
}

function jobsOf(error?: Error): Job[] {
  const work = async (): Promise<string> => {
    await settled();
    return 'done';
  };
  const fail = async (): Promise<never> => {
    throw error;
  };
  return [
    { id: 'thumbnail', type: 'image', work },
    { id: 'transcode', type: 'video', work: error ? fail : work },
    { id: 'notify', type: 'mail', work },
  ];
}

function wrapped({ instrumentExecutor }: Recording, queue: JobQueue): JobQueue {
  // wrap
  const plan = (jobs: readonly Job[]) => ({ name: 'upload', tools: jobs.map(({ id }) => ({ tool_id: id })) });
  const tool = (job: Job) => ({ toolId: job.id, toolType: job.type });
  return instrumentExecutor(queue, { run: 'enqueueAll', step: 'process', plan, tool });
  // end
}

async function resultOf(queue: JobQueue, jobs: readonly Job[]): Promise<unknown> {
  queue.startWorkers(2);
  await settled();
  const outcome = await outcomeOf(() => queue.enqueueAll(jobs));
  await settled(); // the other jobs
  return { outcome, done: [...queue.done] };
}

describe('workers that take jobs from a queue', () => {
  it('are wrapped in three lines', () => {
    expect(wrapLines(import.meta.filename)).toBe(3);
  });

  it('do the same, and what they do long after it was enqueued belongs to the run that enqueued it', async () => {
    const recording = record();
    const expected = await resultOf(new JobQueue(), jobsOf());
    expect(await resultOf(wrapped(recording, new JobQueue()), jobsOf())).toEqual(expected);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration upload parallel [success]
        plan upload
        group 0 parallel [success]
          step thumbnail [success]
          step transcode [success]
          step notify [success]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('fail in the same way', async () => {
    const recording = record();
    const error = new Error('codec');
    const expected = await resultOf(new JobQueue(), jobsOf(error));
    expect(await resultOf(wrapped(recording, new JobQueue()), jobsOf(error))).toEqual(expected);
    expect(recording.span('orchestration upload parallel').status).toEqual({ code: 2, message: 'codec' });
  });

  it('are told apart when several runs go on, if jobs are bound to the run that enqueues them', async () => {
    const recording = record();
    const queue = wrapped(recording, new JobQueue((call) => AsyncResource.bind(call)));
    queue.startWorkers(2);
    await settled();
    await Promise.all([queue.enqueueAll(jobsOf()), queue.enqueueAll(jobsOf())]);
    const traces = recording.ofType('run').map((run) => run.spanContext().traceId);
    const steps = recording.ofType('step').map((step) => step.spanContext().traceId);
    expect(traces.map((trace) => steps.filter((other) => other === trace).length)).toEqual([3, 3]);
  });
});
