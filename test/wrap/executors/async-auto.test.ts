import { auto } from 'async';
import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager, type Recording } from '../../helpers/spans.ts';
import { outcomeOf, wrapLines } from './wrap-lines.ts';

beforeAll(useContextManager);

type Results = Record<string, string>;
type Task = (results: Results) => Promise<string>;
type Tasks = Record<string, Task | [...string[], Task]>;

/** What people have: async functions by name, behind the names of what they need. */
function tasksOf(log: string[], error?: Error): Tasks {
  return {
    data: async () => {
      log.push('data');
      return 'rows';
    },
    folder: async () => {
      log.push('folder');
      if (error) throw error;
      return '/tmp/report';
    },
    write: ['data', 'folder', async ({ data, folder }) => `${data} in ${folder}`],
    mail: ['write', async ({ write }) => `mailed ${write}`],
  };
}

const run = auto as (tasks: Tasks) => Promise<Results>;

function wrapped({ traceTool, traceOrchestration }: Recording, tasks: Tasks): Promise<Results> {
  // wrap
  const parts = Object.entries(tasks).map(([id, task]) => [id, [task].flat() as [...string[], Task]] as const);
  const tools = parts.map(([id, part]) => ({ tool_id: id, depends_on: part.slice(0, -1) as string[] }));
  const traced = parts.map(([id, part]) => [id, [...part.slice(0, -1), traceTool(id, part.at(-1) as Task)]]);
  return traceOrchestration({ name: 'report', tools }, () => run(Object.fromEntries(traced)));
  // end
}

describe('async.auto', () => {
  it('is wrapped in four lines', () => {
    expect(wrapLines(import.meta.filename)).toBe(4);
  });

  it('gives the same, and the trace has its dependencies', async () => {
    const recording = record();
    const [expected, actual]: string[][] = [[], []];
    expect(await wrapped(recording, tasksOf(actual!))).toEqual(await run(tasksOf(expected!)));
    expect(actual).toEqual(expected);
    expect(recording.tree('depends_on')).toMatchInlineSnapshot(`
      "orchestration report dag [success]
        plan report
        group 0 parallel [success]
          step data [success] depends_on=
          step folder [success] depends_on=
        group 1 serial [success]
          step write [success] depends_on=data,folder
        group 2 serial [success]
          step mail [success] depends_on=write"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('fails in the same way, and the trace says what did not start', async () => {
    const recording = record();
    const error = new Error('disk full');
    const expected = await outcomeOf(() => run(tasksOf([], error)));
    expect(await outcomeOf(() => wrapped(recording, tasksOf([], error)))).toEqual(expected);
    expect(expected).toMatchObject({ error });
    const [span] = recording.ofType('run');
    expect([attribute(span!, 'root_cause'), attribute(span!, 'not_started')]).toEqual(['folder', ['write', 'mail']]);
  });
});
