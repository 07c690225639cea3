import { describe, expect, it } from 'vitest';
import { emphasizeMatches, emphasizeSelection } from '../../../src/inspector/scene/graph-emphasis.ts';
import { hitGraph } from '../../../src/inspector/scene/graph-hit.ts';
import { readableLabels } from '../../../src/inspector/scene/graph-labels.ts';
import { listGraph } from '../../../src/inspector/scene/graph-list.ts';
import { type Direction, moveInGraph } from '../../../src/inspector/scene/graph-moves.ts';
import { type GraphSelection, selectEdge, selectVertex } from '../../../src/inspector/scene/graph-selection.ts';
import { findSelected } from '../../../src/inspector/page/graph/find-selected.ts';
import { describeEdge } from '../../../src/inspector/scene/graph-words.ts';
import type { RunView } from '../../../src/inspector/view/run-view.ts';
import { madeLargeView, madeView } from '../made-views.ts';
import { draw, sampleView } from './graph-sample.ts';

const view = sampleView();

function find(run: RunView, selected: string, collapsed: readonly number[] = []): GraphSelection {
  const { scene, layout } = draw(run, collapsed);
  return findSelected(run, scene, layout, selected);
}

describe('what is at a point of the graph', () => {
  const { scene } = draw(view);
  const [primary] = scene.nodes;
  const [group] = scene.groups;

  it('is the step, the title of a group, or an edge', () => {
    expect(hitGraph(scene, primary!.x + 5, primary!.y + 5, 6)).toEqual({ kind: 'step', item: primary });
    expect(hitGraph(scene, group!.x + 100, group!.y + 10, 6)).toEqual({
      kind: 'group',
      item: group,
      isTriangle: false,
    });
    expect(hitGraph(scene, group!.x + 18, group!.y + 15, 6)).toEqual({ kind: 'group', item: group, isTriangle: true });
    const edge = scene.edges[0]!;
    expect(hitGraph(scene, edge.labelX, edge.labelY + 3, 6)).toEqual({ kind: 'edge', item: edge });
  });

  it('is nothing beside an edge, or within the frame of a group', () => {
    expect(hitGraph(scene, -100, -100, 6)).toBeUndefined();
    expect(hitGraph(scene, group!.x + 2, group!.y + group!.height - 2, 6)).toBeUndefined();
    const edge = scene.edges[2]!;
    expect(hitGraph(scene, edge.labelX, edge.labelY - 20, 6)).toBeUndefined();
  });

  it('is all of a collapsed group', () => {
    const { scene } = draw(view, [0]);
    const [box] = scene.groups;
    expect(hitGraph(scene, box!.x + 50, box!.y + 60, 6)).toMatchObject({ kind: 'group', isTriangle: false });
  });
});

describe('what is selected', () => {
  it('is found by what the address says, and the address by what is selected', () => {
    const { scene } = draw(view);
    for (const { vertex } of [...scene.nodes, ...scene.groups]) {
      const { node, group } = find(view, selectVertex(view, vertex));
      expect((node ?? group)?.vertex).toBe(vertex);
    }
    for (const edge of scene.edges) expect(find(view, selectEdge(view, edge)).edge?.edges).toEqual(edge.edges);
  });

  it('is the group of a step where that is collapsed', () => {
    expect(find(view, 'step:primary', [0]).group?.group).toBe(0);
  });

  it('is what several edges lead to', () => {
    const { scene } = draw(view, [0]);
    expect(scene.edges.map((edge) => selectEdge(view, edge))).toEqual([
      'step:aggregate',
      'edge:aggregate>report',
      'edge:secondary>report',
    ]);
  });

  it('is found also where keys hold the sign that stands between them', () => {
    const steps = [
      { toolId: 'a>b', group: 0 },
      { toolId: 'c', group: 1, dependsOn: ['a>b'] },
    ];
    const hostile = madeView({ steps });
    expect(find(hostile, 'edge:a>b>c').edge).toMatchObject({ from: 0, to: 1 });
  });

  it('is the step of an attempt', () => {
    const attempts = [{ attempt: 1, spanId: 'abc', startMs: 0 }];
    const tried = madeView({ steps: [{ toolId: 'a', group: 0, attempts }] });
    expect(find(tried, 'attempt:abc').node?.step).toBe(0);
  });

  it('is nothing where nothing of that name is there', () => {
    for (const name of [
      '',
      'run',
      'step:x',
      'group:9',
      'group:',
      'edge:a>b',
      'edge:primary>report',
      'attempt:x',
      'x:y',
    ])
      expect(find(view, name)).toEqual({});
  });

  it('is bright with its neighbours and the edges to them', () => {
    const { scene } = draw(view);
    const bright = (selected: string): unknown[] => {
      const { vertices, edges } = emphasizeSelection(find(view, selected), scene, view);
      return [
        vertices && [...vertices].toSorted((a, b) => a - b).map((vertex) => view.steps[vertex]?.key),
        edges?.size,
      ];
    };
    expect(bright('step:aggregate')).toEqual([['primary', 'secondary', 'aggregate', 'report'], 3]);
    expect(bright('edge:aggregate>report')).toEqual([['aggregate', 'report'], 1]);
    expect(bright('group:2')).toEqual([['secondary', 'aggregate', 'report'], 2]);
    expect(bright('run')).toEqual([undefined, undefined]);
  });

  it('is what was found, while something is searched for', () => {
    const { layout } = draw(view, [0]);
    const { vertices } = emphasizeMatches(new Set(['primary', 'report', 'none']), view, layout.vertexOf);
    expect([...vertices!]).toEqual([6, 5]);
  });
});

describe('arrow keys', () => {
  const { scene } = draw(view);
  const go = (from: string | undefined, ...directions: Direction[]): string => {
    const start = from === undefined ? undefined : view.steps.findIndex(({ key }) => key === from);
    const end = directions.reduce((vertex, direction) => moveInGraph(scene, vertex, direction), start);
    return selectVertex(view, end!);
  };

  it('begin at what went wrong, else at the critical path', () => {
    expect(go(undefined, 'down')).toBe('step:notify');
    const fine = { ...view, steps: view.steps.map((step) => ({ ...step, state: 'success' as const })) };
    expect(moveInGraph(draw(fine).scene, undefined, 'down')).toBe(0);
    expect(moveInGraph(draw(view, [0]).scene, undefined, 'down')).toBe(6);
  });

  it('go along edges, first along the critical path, and stay where there are none', () => {
    expect(go('primary', 'right')).toBe('step:aggregate');
    expect(go('primary', 'right', 'right')).toBe('step:report');
    expect(go('report', 'left')).toBe('step:aggregate');
    expect(go('report', 'right')).toBe('step:report');
    expect(go('notify', 'left')).toBe('step:notify');
  });

  it('go up and down within a group, and from its first step to its frame', () => {
    expect(go('primary', 'down', 'down')).toBe('step:notify');
    expect(go('notify', 'down')).toBe('step:notify');
    expect(go('query', 'up', 'up')).toBe('group:1');
    expect(go('query', 'up', 'up', 'down')).toBe('step:aggregate');
  });

  it('go from group to group', () => {
    expect(go('primary', 'up', 'right', 'right')).toBe('group:2');
    expect(go('primary', 'up', 'left')).toBe('group:0');
  });

  it('go along the edges of a collapsed group', () => {
    const { scene } = draw(view, [0]);
    expect(moveInGraph(scene, 6, 'right')).toBe(3);
    expect(moveInGraph(scene, 3, 'left')).toBe(6);
    expect(moveInGraph(scene, 6, 'down')).toBe(7);
  });

  it('do nothing where there is nothing', () => {
    expect(moveInGraph(draw(madeView({ groups: [] })).scene, undefined, 'right')).toBeUndefined();
  });
});

describe('the graph as a list', () => {
  const listOf = (
    run: RunView,
    collapsed: readonly number[],
    around?: number,
    most = 500,
  ): ReturnType<typeof listGraph> => {
    const { scene, layout } = draw(run, collapsed);
    return listGraph(run, scene, layout.vertexOf, 500, { around, most });
  };

  it('says all that the graph shows', () => {
    expect(listOf(view, []).items.map(({ text }) => text)).toEqual([
      'primary, succeeded, 1.20 s, critical',
      'secondary, succeeded, 300 ms, slack 850 ms',
      'notify, failed, 30 ms, slack 3.00 s',
      'aggregate, succeeded, 1.30 s, needs primary and secondary, critical',
      'query, succeeded, 100 ms, not in the plan',
      'report, succeeded, 900 ms, needs aggregate and secondary, critical',
    ]);
  });

  it('has a collapsed group in the place of its steps', () => {
    expect(
      listOf(view, [1])
        .items.map(({ text }) => text)
        .slice(2, 4),
    ).toEqual(['notify, failed, 30 ms, slack 3.00 s', 'group 1, parallel, 1 step, 1.30 s, collapsed']);
  });

  it('says how long a step has been running', () => {
    const running = madeView({ state: 'running', steps: [{ toolId: 'a', group: 0, state: 'running', startMs: 100 }] });
    expect(listOf(running, []).items.map(({ text }) => text)).toEqual(['a, running, for 400 ms']);
  });

  it('holds no more than it should, those around one of them', () => {
    const large = madeLargeView(1000);
    const verticesOf = (around?: number): number[] => listOf(large, [], around, 10).items.map(({ vertex }) => vertex);
    expect(verticesOf()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(verticesOf(500)).toEqual([495, 496, 497, 498, 499, 500, 501, 502, 503, 504]);
    expect(verticesOf(999)[9]).toBe(999);
    expect(listOf(large, [], 500, 10).total).toBe(1000);
  });
});

describe('what is pointed at', () => {
  it('tells of an edge what it hands over', () => {
    const { edges } = draw(view).scene;
    expect(edges.map((edge) => describeEdge(view, edge))).toEqual([
      ['primary → aggregate', 'reads its output', 'type ← rows[0].ci_type'],
      ['secondary → aggregate', 'waits for it'],
      ['aggregate → report', 'reads its output', 'rows ← data', 'title ← title'],
      ['secondary → report', 'reads its output, which depends_on does not name', 'rows ← rows'],
    ]);
    const steps = view.steps.map((step) =>
      step.toolId === 'report'
        ? { ...step, mappings: [{ field: 'title', ref: '{aggregate.data.title}', resolved: false }] }
        : step,
    );
    expect(describeEdge({ ...view, steps }, edges[2]!)).toEqual([
      'aggregate → report',
      'reads its output',
      'rows ← data',
      'title ← title: found nothing',
    ]);
    const unknown = { ...view, edges: [] };
    expect(draw(unknown).scene.edges.map((edge) => describeEdge(unknown, edge))).toEqual([
      ['group 0 → group 1', 'follows it'],
      ['group 1 → group 2', 'follows it'],
    ]);
    const [merged] = draw(view, [0]).scene.edges;
    expect(describeEdge(view, merged!)).toEqual(['group 0 → aggregate', '2 edges']);
  });
});

describe('labels of edges', () => {
  it('are those that can be read beside each other, the first before the others', () => {
    const [edge] = draw(view).scene.edges;
    const at = (labelX: number, labelY: number): typeof edge & object => ({ ...edge!, labelX, labelY });
    const edges = [at(0, 0), at(20, 10), at(0, 40), at(0, 47), at(500, 0), { ...at(900, 0), label: '' }];
    expect(readableLabels(edges)).toEqual([edges[0], edges[2], edges[4]]);
  });
});
