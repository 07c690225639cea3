import { Listr, type ListrTask } from 'listr2';
import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager, type Recording } from '../../helpers/spans.ts';
import { outcomeOf, wrapLines } from './wrap-lines.ts';

beforeAll(useContextManager);

interface Context {
  readonly log: string[];
}

/** What people have: tasks that write to a context, may be skipped, and may fail. */
function listOf(error: Error | undefined, options: { concurrent?: boolean; exitOnError?: boolean } = {}) {
  let tries = 0;
  const tasks: ListrTask<Context, never>[] = [
    { title: 'install', task: async ({ log }) => void log.push('install') },
    { title: 'lint', skip: 'no files changed', task: ({ log }) => void log.push('lint') },
    { title: 'hidden', enabled: false, task: ({ log }) => void log.push('hidden') },
    {
      title: 'test',
      retry: 2,
      task: async ({ log }) => {
        log.push('test');
        if (error && ++tries < 9) throw error;
      },
    },
    { title: 'publish', task: (_, task) => task.newListr([{ title: 'tag', task: ({ log }) => void log.push('tag') }]) },
  ];
  return new Listr<Context, 'silent'>(tasks, { ...options, renderer: 'silent', registerSignalListeners: false });
}

function wrapped({ instrumentExecutor }: Recording, list: ReturnType<typeof listOf>) {
  // wrap
  const tools = list.tasks.map(({ title }) => ({ tool_id: title! }));
  const plan = () => ({ name: 'release', strategy: 'serial' as const, tools });
  const outcome = (_: unknown, task: (typeof list.tasks)[number]) =>
    task.hasFailed() ? 'failure' : task.isCompleted() ? 'success' : 'skip';
  return instrumentExecutor(list, { run: 'run', step: 'runTask', plan, tool: (task) => task.title, outcome });
  // end
}

async function runOf(list: ReturnType<typeof listOf>): Promise<unknown> {
  const log: string[] = [];
  return { outcome: await outcomeOf(() => list.run({ log })), log, states: list.tasks.map(({ state }) => state) };
}

describe('listr2 11', () => {
  it('is wrapped in five lines', () => {
    expect(wrapLines(import.meta.filename)).toBe(5);
  });

  it('does the same, and the trace says what was skipped', async () => {
    const recording = record();
    expect(await runOf(wrapped(recording, listOf(undefined)))).toEqual(await runOf(listOf(undefined)));
    expect(recording.tree('skipped')).toMatchInlineSnapshot(`
      "orchestration release serial [success] skipped=lint,hidden
        plan release
        group 0 serial [success]
          step install [success]
        group 1 serial [skip]
          step lint [skip]
        group 2 serial [skip]
          step hidden [skip]
        group 3 serial [success]
          step test [success]
        group 4 serial [success]
          step publish [success]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it.each([{}, { exitOnError: false }, { concurrent: true }])('fails in the same way: %o', async (options) => {
    const recording = record();
    const error = new Error('red');
    const expected = await runOf(listOf(error, options));
    expect(await runOf(wrapped(recording, listOf(error, options)))).toEqual(expected);
    const run = recording.ofType('run')[0]!;
    expect([attribute(run, 'outcome'), attribute(run, 'failed')]).toEqual([
      options.exitOnError === false ? 'success' : 'failure', // as the list itself says
      ['test'],
    ]);
    expect(recording.open()).toEqual([]);
  });
});
