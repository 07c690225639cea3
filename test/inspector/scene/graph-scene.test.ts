import { describe, expect, it } from 'vitest';
import { graphInputOf, isSameInput, largeGroupsOf } from '../../../src/inspector/scene/graph-input.ts';
import type { GraphEdge } from '../../../src/inspector/scene/graph-items.ts';
import { pathOf } from '../../../src/inspector/scene/texts.ts';
import type { RunView } from '../../../src/inspector/view/run-view.ts';
import { madeLargeView, madeView } from '../made-views.ts';
import { draw, sampleView } from './graph-sample.ts';

/** E.g. `primary -> aggregate`. */
function endsOf(view: RunView, { from, to }: GraphEdge): string {
  const nameOf = (vertex: number): string => view.steps[vertex]?.key ?? `group ${vertex - view.steps.length}`;
  return `${nameOf(from)} -> ${nameOf(to)}`;
}

describe('the steps of a graph', () => {
  const { nodes } = draw(sampleView()).scene;

  it('say what became of them, how long they took, and how much slack they have', () => {
    expect(nodes.map(({ label, detail, time, slack, mark, color }) => [mark, label, detail, time, slack, color]))
      .toMatchInlineSnapshot(`
        [
          [
            "✓",
            "primary",
            "ci_lookup",
            "1.20 s",
            "critical",
            "success",
          ],
          [
            "✓",
            "secondary",
            "2 attempts",
            "300 ms",
            "slack 850 ms",
            "success",
          ],
          [
            "✗",
            "notify",
            "failed",
            "30 ms",
            "slack 3.00 s",
            "failure",
          ],
          [
            "✓",
            "aggregate",
            "",
            "1.30 s",
            "critical",
            "success",
          ],
          [
            "✓",
            "query",
            "not in the plan",
            "100 ms",
            "",
            "success",
          ],
          [
            "✓",
            "report",
            "",
            "900 ms",
            "critical",
            "success",
          ],
        ]
      `);
  });

  it('are as strong as they have little slack, but for what went wrong', () => {
    expect(nodes.map(({ weight }) => weight)).toEqual([1, 0.5, 1, 1, 0.8, 1]);
  });

  it('have no time yet as long as they run', () => {
    const view = madeView({ state: 'running', steps: [{ toolId: 'a', group: 0, state: 'running', startMs: 40 }] });
    const { scene } = draw(view);
    expect(scene.nodes[0]).toMatchObject({ time: '', sinceMs: 40, state: 'running' });
    expect(scene.groups[0]).toMatchObject({ time: '', sinceMs: 40 });
  });

  it('are hollow before they start', () => {
    const states = ['planned', 'not started', 'no span', 'skip', 'running', 'success'] as const;
    const { scene } = draw(madeView({ steps: states.map((state) => ({ toolId: state, group: 0, state })) }));
    expect(scene.nodes.filter(({ hasStarted }) => hasStarted).map(({ state }) => state)).toEqual([
      'running',
      'success',
    ]);
  });

  it('keep the beginning and the end of a name that is too long', () => {
    const { scene } = draw(madeView({ steps: [{ toolId: 'mProject_of_the_large_picture_ID0000042', group: 0 }] }));
    expect(scene.nodes[0]!.label).toMatch(/^mProj\w+…\w*042$/);
  });

  it('show nothing invisible and nothing that changes the direction of text', () => {
    const { scene } = draw(madeView({ steps: [{ toolId: 'a\u202eb\0c', toolType: '\u200bx', group: 0 }] }));
    expect(scene.nodes[0]).toMatchObject({ label: String.raw`a\u202eb\x00c`, detail: String.raw`\u200bx` });
  });
});

describe('the edges of a graph', () => {
  const view = sampleView();

  it('tell control from data, and data that depends_on does not name', () => {
    const { edges } = draw(view).scene;
    expect(edges.map((edge) => [endsOf(view, edge), edge.kind, edge.label, edge.isCritical])).toEqual([
      ['primary -> aggregate', 'data', 'type ← rows[0].ci_type', true],
      ['secondary -> aggregate', 'control', '', false],
      ['aggregate -> report', 'data', 'rows ← data +1', true],
      ['secondary -> report', 'undeclared', 'rows ← rows', false],
    ]);
  });

  it('become one where they lead to the same collapsed group, and none within it', () => {
    const { edges } = draw(view, [0]).scene;
    expect(
      edges.map((edge) => [endsOf(view, edge), edge.kind, edge.edges.length, edge.label, edge.isCritical]),
    ).toEqual([
      ['group 0 -> aggregate', 'data', 2, '', true],
      ['aggregate -> report', 'data', 1, 'rows ← data +1', true],
      ['group 0 -> report', 'undeclared', 1, 'rows ← rows', false],
    ]);
    expect(draw(view, [0, 1, 2]).scene.edges).toHaveLength(3);
  });

  it('become one from group to group for who looks from far away', () => {
    const { streams } = draw(view).scene;
    expect(streams.map(({ edges, isCritical, kind }) => [edges.length, kind, isCritical])).toEqual([
      [2, 'data', true],
      [1, 'data', true],
      [1, 'undeclared', false],
    ]);
  });

  it('are held once where they are the same from far away', () => {
    const steps = ['a', 'b', 'c'].map((toolId, group) => ({ toolId, group, dependsOn: ['a', 'b'].slice(0, group) }));
    const { layout, scene } = draw(madeView({ steps }));
    expect(scene.edges).toHaveLength(3);
    expect(layout.streams).toBe(layout.edges);
    expect(scene.streams).toBe(scene.edges);
    expect(draw(view).scene.streams).not.toBe(draw(view).scene.edges);
  });

  it.each([
    ['{a.data.rows[0].x}', 'a', 'rows[0].x'],
    ['{a}', 'a', 'data'],
    ['{a.data}', 'a', 'data'],
    ['{a.data[0]}', 'a', '[0]'],
    ['{a.error}', 'a', 'error'],
    ['{a.database}', 'a', 'database'],
    ['{["x.y"].data.files[0]}', 'x.y', 'files[0]'],
    ['{b.data.rows}', 'a', 'b.data.rows'],
  ])('read %s of %s as %s', (ref, toolId, path) => {
    expect(pathOf(ref, toolId)).toBe(path);
  });
});

describe('the groups of a graph', () => {
  it('say how many of their steps are done, and that something went wrong', () => {
    const { groups } = draw(sampleView()).scene;
    expect(groups.map(({ title, color }) => [title, color])).toEqual([
      ['group 0 · parallel · 2 of 3', 'failure'],
      ['group 1 · parallel', undefined],
      ['group 2 · serial', undefined],
    ]);
  });

  it('count their steps by state once they are collapsed, without what these called', () => {
    const { groups, nodes } = draw(sampleView(), [0, 1]).scene;
    expect(nodes.map(({ label }) => label)).toEqual(['report']);
    expect(groups[0]).toMatchObject({
      isCollapsed: true,
      isCritical: true,
      summary: '3 steps, 1 failed',
      counts: [
        { state: 'failure', count: 1 },
        { state: 'success', count: 2 },
      ],
    });
    expect(groups[1]).toMatchObject({ isCollapsed: true, summary: '1 step' });
  });

  it('are collapsed at first where they are large in a large run', () => {
    expect(largeGroupsOf(madeLargeView(300))).toEqual([]);
    expect(largeGroupsOf(madeLargeView(330))).toEqual([0, 1, 2]);
  });
});

describe('a graph', () => {
  it('explains the signs that it has, no others', () => {
    const signsOf = (view: RunView): string[] => draw(view).scene.legend.map(({ sample }) => sample);
    expect(signsOf(sampleView())).toEqual(['control', 'data', 'undeclared', 'critical', 'slack', 'unplanned']);
    expect(signsOf(madeView({ steps: [{ toolId: 'a', group: 0 }] }))).toEqual([]);
  });

  it('says why it has no edges but those from group to group', () => {
    const steps = [0, 1].map((group) => ({ toolId: `step ${group}`, group }));
    const ordered = madeView({ steps });
    const legendOf = (planned: number): string[] =>
      draw({ ...ordered, completeness: { planned, seen: 2 } }).scene.legend.map(({ text }) => text);
    expect(legendOf(0)).toEqual(['follows it; no dependencies are known: no plan arrived']);
    expect(legendOf(2)).toEqual(['follows it; the plan names no dependencies']);
    expect(draw(ordered).scene.edges).toMatchObject([{ from: 2, to: 3, kind: 'order', label: '', edges: [] }]);
  });

  it('says what it is', () => {
    const { title, description } = draw(sampleView()).scene;
    expect({ title, description }).toEqual({
      title: 'ci-overview, dag: 6 steps in 3 groups',
      description: '3.40 s. Critical path primary > aggregate > report.',
    });
  });

  it('is laid out anew when its structure changes, not when states do', () => {
    const view = sampleView();
    const input = graphInputOf(view, []);
    const later = { ...view, steps: view.steps.map((step) => ({ ...step, state: 'failure' as const, endMs: 9 })) };
    expect(isSameInput(input, graphInputOf(later, []))).toBe(true);
    expect(isSameInput(input, graphInputOf(view, [1]))).toBe(false);
    expect(isSameInput(input, graphInputOf({ ...view, edges: view.edges.slice(1) }, []))).toBe(false);
    expect(isSameInput(input, graphInputOf({ ...view, steps: view.steps.slice(0, -1) }, []))).toBe(false);
  });

  it('is a graph also without steps', () => {
    expect(draw(madeView({ groups: [] })).scene).toMatchObject({ nodes: [], edges: [], groups: [] });
  });
});
