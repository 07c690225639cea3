import { mkdtemp, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createExecutionPlanTrace, type PlanInput } from '../../src/index.ts';
import { runMain } from './run-node.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

const PLAN: PlanInput = {
  name: 'ci-overview',
  tools: [
    { tool_id: 'primary', tool_type: 'ci_lookup', params: { keywords: ['web'] } },
    { tool_id: 'secondary', tool_type: 'ci_lookup', output_mapping: { keywords: '{$input.keywords}' } },
    {
      tool_id: 'aggregate',
      tool_type: 'ci_aggregate',
      depends_on: ['primary', 'secondary'],
      output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}', group_by: 'status' },
      timeout_ms: 5000,
      retry: { max_attempts: 3, backoff_ms: 200 },
      condition: { ref: '{primary.data.rows[0]}', op: 'exists' },
    },
    {
      tool_id: 'report',
      depends_on: ['aggregate'],
      join: 'any',
      output_mapping: { rows: '{secondary.data.rows}' },
    },
  ],
  loops: [{ from: 'report', to: 'aggregate' }],
};
/** Names that act on a terminal, or mean something to Mermaid or Graphviz. */
const EVIL = 'a\x1b[2J"]; x --> y\\\n<b>#';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-plan-'));
  await writeFile(join(folder, 'plan.json'), JSON.stringify(PLAN));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a valid plan', () => {
  it('is shown as groups with dependencies and mappings', async () => {
    const { code, stdout, stderr } = await plan(['plan.json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "ci-overview: dag (inferred), 4 tools in 3 groups
      group 0 parallel
        primary (ci_lookup)
        secondary (ci_lookup)
            keywords <- $input.keywords
      group 1 serial, after group 0
        aggregate (ci_aggregate) after primary, secondary
            at most 5.00 s
            3 attempts, 200 ms before the second
            only if primary.data.rows[0] exists
            ci_type_filter <- primary.data.rows[0].ci_type
            group_by <- "status"
      group 2 serial, after group 1
        report after any of aggregate
            rows <- secondary.data.rows
      loop from report back to aggregate
      "
    `);
  });

  it('is printed as its execution plan trace', async () => {
    const { code, stdout } = await plan(['plan.json', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(createExecutionPlanTrace(PLAN))));
  });

  it('is drawn by Mermaid', async () => {
    expect((await plan(['plan.json', '--mermaid'])).stdout).toMatchInlineSnapshot(`
      "flowchart LR
        t4(["$input"])
        subgraph g0["group 0 parallel"]
          t0["primary (ci_lookup)"]
          t1["secondary (ci_lookup)"]
        end
        subgraph g1["group 1 serial"]
          t2["aggregate (ci_aggregate)"]
        end
        subgraph g2["group 2 serial"]
          t3["report"]
        end
        t4 -.->|"keywords = $input.keywords"| t1
        t0 -->|"ci_type_filter = primary.data.rows[0].ci_type"| t2
        t1 --> t2
        t2 --> t3
        t1 -.->|"rows = secondary.data.rows"| t3
        t3 -.->|"loop"| t2
      "
    `);
  });

  it('is drawn by Graphviz', async () => {
    expect((await plan(['plan.json', '--dot'])).stdout).toMatchInlineSnapshot(`
      "digraph "ci-overview" {
        rankdir=LR;
        node [shape=box];
        "$input" [shape=oval];
        subgraph "cluster_0" {
          label="group 0 parallel";
          "primary" [label="primary (ci_lookup)"];
          "secondary" [label="secondary (ci_lookup)"];
        }
        subgraph "cluster_1" {
          label="group 1 serial";
          "aggregate" [label="aggregate (ci_aggregate)"];
        }
        subgraph "cluster_2" {
          label="group 2 serial";
          "report" [label="report"];
        }
        "$input" -> "secondary" [label="keywords = $input.keywords", style=dashed];
        "primary" -> "aggregate" [label="ci_type_filter = primary.data.rows[0].ci_type"];
        "secondary" -> "aggregate";
        "aggregate" -> "report";
        "secondary" -> "report" [label="rows = secondary.data.rows", style=dashed];
        "report" -> "aggregate" [label="loop", style=dashed, constraint=false];
      }
      "
    `);
  });

  it('is read from stdin, a byte order mark left out', async () => {
    const { code, stdout } = await plan(['-'], '\ufeff{"tools":[]}');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'unnamed plan: parallel (inferred), 0 tools in 0 groups\n' });
  });

  it('fits the terminal, in colour if it has some', async () => {
    const { stdout } = await plan(['plan.json'], undefined, { COLUMNS: '40', FORCE_COLOR: '1' });
    expect(stdout).toContain('\x1b[36mgroup 0 parallel\x1b[39m');
    // oxlint-disable-next-line no-control-regex -- colours
    const lines = stdout.replaceAll(/\x1b\[\d+m/g, '').split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('says so where Mermaid would draw nothing of it', async () => {
    const tools = [0, 1].flatMap((level) =>
      Array.from({ length: 25 }, (_, at) => ({
        tool_id: `t${level}-${at}`,
        depends_on: level === 0 ? [] : Array.from({ length: 25 }, (_, other) => `t0-${other}`),
      })),
    );
    const { stdout, stderr } = await plan(['-', '--mermaid'], JSON.stringify({ tools }));
    expect(stdout.match(/-->/g)).toHaveLength(625);
    expect(stderr).toBe(
      'orchestrace: Mermaid draws up to 500 lines, unless maxEdges says otherwise; this plan has 625: try --dot\n',
    );
  });

  it('cannot act on the terminal or leave its labels by its names', async () => {
    const text = JSON.stringify({ name: EVIL, tools: [{ tool_id: EVIL, output_mapping: { [EVIL]: '{$input.x}' } }] });
    const shown = await plan(['-'], text);
    expect(shown.stdout).not.toContain('\x1b');
    expect((await plan(['-', '--mermaid'], text)).stdout).toMatchInlineSnapshot(`
      "flowchart LR
        t1(["$input"])
        subgraph g0["group 0 serial"]
          t0["a#92;x1b[2J#34;]; x --#62; y#92;#92;n#60;b#62;#35;"]
        end
        t1 -.->|"a#92;x1b[2J#34;]; x --#62; y#92;#92;n#60;b#62;#35; = $input.x"| t0
      "
    `);
    expect((await plan(['-', '--dot'], text)).stdout).toMatchInlineSnapshot(`
      "digraph "a\\\\x1b[2J\\"]; x --> y\\\\\\n<b>#" {
        rankdir=LR;
        node [shape=box];
        "$input" [shape=oval];
        subgraph "cluster_0" {
          label="group 0 serial";
          "a\\\\x1b[2J\\"]; x --> y\\\\\\n<b>#" [label="a\\\\x1b[2J\\"]; x --> y\\\\\\n<b>#"];
        }
        "$input" -> "a\\\\x1b[2J\\"]; x --> y\\\\\\n<b>#" [label="a\\\\x1b[2J\\"]; x --> y\\\\\\n<b># = $input.x", style=dashed];
      }
      "
    `);
  });
});

describe('a plan that is not valid: exit code 1', () => {
  it('names every fault of structure and mappings at once, a line each', async () => {
    const faulty = {
      strategy: 'sideways',
      tools: [
        { tool_id: 'a', depends_on: ['b', 'a'] },
        { tool_id: 'b', depends_on: ['a', 'nobody'] },
        { tool_id: 'b' },
        { tool_id: EVIL, output_mapping: { x: '{a.rows}', y: '{ghost.data}', z: '{a.data}' } },
      ],
    };
    const { code, stdout, stderr } = await plan(['-'], JSON.stringify(faulty));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).not.toContain('\x1b');
    expect(stderr).toMatchInlineSnapshot(`
      "orchestrace: invalid plan, 8 faults:
        strategy: expected one of "parallel", "serial", "dag", got "sideways"
        tools[0].depends_on[1]: "a" depends on itself; take it out, or, if it is meant, name the edge in loops
        tools[0].depends_on[0]: cycle: "a" > "b" > "a"; take one of these dependencies out, or, if it is meant, name the edge in loops: { "from": "b", "to": "a" }
        tools[1].depends_on[1]: there is no tool "nobody"; add it to tools, or take it out
        tools[2].tool_id: duplicate of "b" in tools[1]; give each its own
        tools[3].output_mapping.x: reference {a.rows}: at position 2, expected .data, .success or .error: write {a.data.rows}, or {["a.b"].data} for a tool id with a dot
        tools[3].output_mapping.y: there is no tool "ghost"; name a tool of this plan, or $input for the input of the run
        tools[3].output_mapping.z: the result of "a" may not be there yet, because this tool does not depend on it; add it to depends_on
      "
    `);
  });

  it.each([
    ['', 'stdin is empty; the plan must be JSON'],
    [' \n', 'stdin is empty; the plan must be JSON'],
    ['{\n  "tools": [,]\n}', 'stdin is not JSON: line 2, column 13: expected a value or ]'],
    ['{"tools": [{\n"tool_id": "a', 'stdin is not JSON: the file ends in the middle of a string, in line 2'],
    ['{"tools": [{ "tool_id": "a" },', 'stdin is not JSON: the file ends in the middle of a list, in line 1'],
    ['[]', 'invalid plan: expected a plan such as { "tools": [{ "tool_id": "primary" }] }, got an array'],
    ['3', 'invalid plan: expected a plan such as { "tools": [{ "tool_id": "primary" }] }, got 3'],
    [
      '{"tools":[{"tool_id":"a","depends_on":["a"]}]}',
      'invalid plan: tools[0].depends_on[0]: "a" depends on itself; take it out, or, if it is meant, name the edge in loops',
    ],
  ])('%j', async (text, message) => {
    expect(await plan(['-'], text)).toEqual({ code: 1, stdout: '', stderr: `orchestrace: ${message}\n` });
  });

  it('a binary file', async () => {
    await writeFile(join(folder, 'plan.bin'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0, 1]));
    expect(await plan(['plan.bin'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'orchestrace: plan.bin is not UTF-8 text; the plan must be JSON\n',
    });
  });
});

describe('wrong use: exit code 2', () => {
  it.each([
    [[], 'plan needs a file: orchestrace plan FILE, or - for stdin'],
    [[''], 'the name of the file is empty'],
    [['missing.json'], 'cannot read the plan missing.json: there is no such file'],
    [['plan.json/x'], 'cannot read the plan plan.json/x: a part of its path is a file, not a folder'],
    [['x\x1b]52;c;eA==\x07'], String.raw`cannot read the plan x\x1b]52;c;eA==\x07: there is no such file`],
    [['folder'], 'folder is a folder; name the file of the plan'],
    [['plan.json', 'plan.json'], 'unexpected argument plan.json: one file at a time'],
    [['plan.json', '--json', '--dot'], 'choose one of --json and --dot'],
    [['plan.json', '--mermiad'], 'unknown option --mermiad; did you mean --mermaid?'],
    [['plan.json', '--dot=x'], "option '--dot' does not take an argument"],
  ])('%j', async (args, message) => {
    await mkdir(join(folder, 'folder'), { recursive: true });
    expect(await plan(args)).toEqual({ code: 2, stdout: '', stderr: `orchestrace: ${message}\n` });
  });

  it('a name that no system takes is cut', async () => {
    const stderr = `orchestrace: cannot read the plan ${'n'.repeat(300)}…: its name is too long\n`;
    expect(await plan(['n'.repeat(5_000)])).toEqual({ code: 2, stdout: '', stderr });
  });

  it('a file of 1 GiB, and a stream without end, are not read', async () => {
    await writeFile(join(folder, 'huge.json'), '');
    await truncate(join(folder, 'huge.json'), 2 ** 30);
    expect(await plan(['huge.json'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'orchestrace: huge.json has 1.0 GiB; a plan of at most 64.0 MiB is read\n',
    });
    expect((await plan(['/dev/zero'])).stderr).toBe(
      'orchestrace: /dev/zero has more than 64.0 MiB; a plan of at most 64.0 MiB is read\n',
    );
  });
});

it('teaches by examples', async () => {
  const { code, stdout } = await plan(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('orchestrace plan plan.json --dot | dot -Tsvg > plan.svg');
});

function plan(args: readonly string[], input?: string, env: Record<string, string> = {}): ReturnType<typeof runMain> {
  return runMain(['plan', ...args], { cwd: folder, env, ...(input !== undefined && { input }) });
}
