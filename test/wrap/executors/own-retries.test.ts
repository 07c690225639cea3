import { beforeAll, describe, expect, it } from 'vitest';
import { record, useContextManager, type Recording } from '../../helpers/spans.ts';
import { outcomeOf, wrapLines } from './wrap-lines.ts';

beforeAll(useContextManager);

interface Task {
  readonly name: string;
  readonly needs: readonly string[];
  readonly work: () => Promise<string>;
}

/** What people have: retries with backoff in the executor itself, counted from 0. */
class RetryingExecutor {
  readonly #maxRetries: number;

  constructor(maxRetries: number) {
    this.#maxRetries = maxRetries;
  }

  async runAll(tasks: readonly Task[]): Promise<Record<string, string>> {
    const results: Record<string, string> = {};
    for (const task of tasks) results[task.name] = await this.#runWithRetries(task);
    return results;
  }

  async tryTask(task: Task, retry: number): Promise<string> {
    return `${await task.work()} at ${retry}`;
  }

  async #runWithRetries(task: Task): Promise<string> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.tryTask(task, retry);
      } catch (error) {
        if (retry === this.#maxRetries) throw error;
        await new Promise((resolve) => setTimeout(resolve, 2 ** retry));
      }
    }
  }
}

function tasksOf(failures: number, error: Error): Task[] {
  let calls = 0;
  const flaky = async (): Promise<string> => {
    if (calls++ < failures) throw error;
    return 'uploaded';
  };
  return [
    { name: 'pack', needs: [], work: async () => 'packed' },
    { name: 'upload', needs: ['pack'], work: flaky },
    { name: 'announce', needs: ['upload'], work: async () => 'announced' },
  ];
}

function wrapped({ instrumentExecutor }: Recording, executor: RetryingExecutor): RetryingExecutor {
  // wrap
  const toTool = ({ name, needs }: Task) => ({ tool_id: name, depends_on: [...needs] });
  const plan = (tasks: readonly Task[]) => ({ name: 'release', tools: tasks.map(toTool) });
  const tool = (task: Task, retry: number) => ({ toolId: task.name, attempt: retry + 1 });
  return instrumentExecutor(executor, { run: 'runAll', step: 'tryTask', plan, tool });
  // end
}

describe('an executor with retries of its own', () => {
  const error = new Error('busy');

  it('is wrapped in four lines', () => {
    expect(wrapLines(import.meta.filename)).toBe(4);
  });

  it('gives the same, and its attempts are one step', async () => {
    const recording = record();
    const expected = await new RetryingExecutor(3).runAll(tasksOf(2, error));
    expect(await wrapped(recording, new RetryingExecutor(3)).runAll(tasksOf(2, error))).toEqual(expected);
    expect(recording.tree('attempt_count')).toMatchInlineSnapshot(`
      "orchestration release serial [success]
        plan release
        group 0 serial [success]
          step pack [success] attempt_count=1
            attempt 1 [success]
        group 1 serial [success]
          step upload [success] attempt_count=3
            attempt 1 [failure]
            attempt 2 [failure]
            attempt 3 [success]
        group 2 serial [success]
          step announce [success] attempt_count=1
            attempt 1 [success]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('gives up in the same way, and so does its step', async () => {
    const recording = record();
    const expected = await outcomeOf(() => new RetryingExecutor(1).runAll(tasksOf(9, error)));
    const actual = await outcomeOf(() => wrapped(recording, new RetryingExecutor(1)).runAll(tasksOf(9, error)));
    expect(actual).toEqual(expected);
    expect((actual as { error: unknown }).error).toBe(error);
    expect(recording.tree('attempt_count', 'root_cause', 'not_started')).toMatchInlineSnapshot(`
      "orchestration release serial [failure] root_cause=upload not_started=announce
        plan release
        group 0 serial [success]
          step pack [success] attempt_count=1
            attempt 1 [success]
        group 1 serial [failure]
          step upload [failure] attempt_count=2
            attempt 1 [failure]
            attempt 2 [failure]"
    `);
    expect(recording.open()).toEqual([]);
  });
});
