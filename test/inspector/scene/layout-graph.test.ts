import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointOn } from '../../../src/inspector/scene/bezier.ts';
import type { GraphInput } from '../../../src/inspector/scene/graph-input.ts';
import { NODE_HEIGHT } from '../../../src/inspector/scene/graph-sizes.ts';
import { type GraphLayout, layoutGraph } from '../../../src/inspector/scene/layout-graph.ts';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function input(given: {
  readonly groupOf: readonly number[];
  readonly parentOf?: readonly number[];
  readonly firstPassOf?: readonly number[];
  readonly groupCount?: number;
  readonly edges?: readonly (readonly [number, number])[];
  readonly collapsed?: readonly number[];
}): GraphInput {
  const { groupOf, parentOf = groupOf.map(() => -1), groupCount, edges = [], collapsed = [] } = given;
  return {
    groupOf: Int32Array.from(groupOf),
    parentOf: Int32Array.from(parentOf),
    firstPassOf: Int32Array.from(given.firstPassOf ?? groupOf.keys()),
    groupCount: groupCount ?? groupOf.reduce((most, group) => Math.max(most, group), -1) + 1,
    from: Int32Array.from(edges, ([from]) => from),
    to: Int32Array.from(edges, ([, to]) => to),
    collapsed: Int32Array.from(collapsed),
  };
}

/** Whatever may come, also what refers to nothing. */
const anyInput: fc.Arbitrary<GraphInput> = fc.integer({ min: 0, max: 40 }).chain((nodes) =>
  fc
    .record({
      groupCount: fc.integer({ min: 0, max: 12 }),
      groupOf: fc.array(fc.integer({ min: -2, max: 13 }), { minLength: nodes, maxLength: nodes }),
      parentOf: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.integer({ min: -1, max: nodes })), {
        minLength: nodes,
        maxLength: nodes,
      }),
      firstPassOf: fc.array(fc.integer({ min: -1, max: nodes }), { minLength: nodes, maxLength: nodes }),
      edges: fc.array(fc.tuple(fc.integer({ min: -1, max: nodes }), fc.integer({ min: -1, max: nodes })), {
        maxLength: 80,
      }),
      collapsed: fc.array(fc.integer({ min: -1, max: 13 }), { maxLength: 4 }),
    })
    .map(input),
);

/** Groups that are levels: every step needs steps of groups before its own alone. Some of the steps called others. */
const levels: fc.Arbitrary<GraphInput> = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }),
    picks: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 120 }),
    calls: fc.array(fc.nat(), { maxLength: 10 }),
  })
  .map(({ sizes, picks, calls }) => {
    const groupOf = sizes.flatMap((size, group) => Array.from({ length: size }, () => group));
    const edges = picks.flatMap(([a, b]): [number, number][] => {
      const [from, to] = [a % groupOf.length, b % groupOf.length];
      return groupOf[from]! < groupOf[to]! ? [[from, to]] : [];
    });
    const parentOf = groupOf.map(() => -1);
    for (const call of calls) {
      const node = call % groupOf.length;
      if (groupOf[node - 1] === groupOf[node]) parentOf[node] = node - 1;
    }
    return input({ groupOf, edges, parentOf });
  });

function nodeBox({ nodeX, nodeY, nodeWidth }: GraphLayout, node: number): Box {
  return { x: nodeX[node]!, y: nodeY[node]!, width: nodeWidth[node]!, height: NODE_HEIGHT };
}

function groupBox({ groupX, groupY, groupWidth, groupHeight }: GraphLayout, group: number): Box {
  return { x: groupX[group]!, y: groupY[group]!, width: groupWidth[group]!, height: groupHeight[group]! };
}

/** Three bands, the second of which is wider than the first, and an edge from the first to the last. */
const pastWiderBand = input({
  groupOf: [30, 30, 23, 29, 29, 6, 26, 30, 2, 9].flatMap((size, group) => Array.from({ length: size }, () => group)),
  edges: [[67, 203]],
});

/** The nodes that are drawn. */
function drawnNodes({ vertexOf }: GraphLayout): number[] {
  return [...vertexOf.keys()].filter((node) => vertexOf[node] === node);
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function isWithin(inner: Box, outer: Box): boolean {
  const [right, bottom] = [inner.x + inner.width, inner.y + inner.height];
  return inner.x >= outer.x && inner.y >= outer.y && right <= outer.x + outer.width && bottom <= outer.y + outer.height;
}

/** Points on the curve of an edge. */
function* pointsOf({ edges: { curves, curveStart } }: GraphLayout, edge: number): Generator<[number, number]> {
  for (let index = curveStart[edge]!; index + 7 < curveStart[edge + 1]!; index += 6)
    for (let part = 0; part <= 20; part += 1)
      yield [pointOn(curves, index, part / 20), pointOn(curves, index + 1, part / 20)];
}

describe('the layout of a graph', () => {
  it('overlaps no two nodes and no two groups', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const layout = layoutGraph(given);
        const nodes = drawnNodes(layout).map((node) => nodeBox(layout, node));
        const groups = Array.from({ length: given.groupCount }, (_, group) => groupBox(layout, group));
        for (const boxes of [nodes, groups])
          for (const [at, box] of boxes.entries())
            expect(boxes.slice(at + 1).filter((other) => overlap(box, other))).toEqual([]);
      }),
    );
  });

  it('keeps nodes within the frame of their group, others outside all frames, and everything within its size', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const layout = layoutGraph(given);
        const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
        const frames = Array.from({ length: given.groupCount }, (_, group) => groupBox(layout, group));
        for (const frame of frames) expect(isWithin(frame, whole)).toBe(true);
        for (const node of drawnNodes(layout)) {
          const box = nodeBox(layout, node);
          expect(isWithin(box, whole)).toBe(true);
          const parent = given.parentOf[node]!;
          const [own] = parent >= 0 && parent < node ? [] : [given.groupOf[node]!];
          if (own === undefined) continue;
          expect(frames.flatMap((frame, group) => (overlap(frame, box) ? [group] : []))).toEqual(
            frames[own] ? [own] : [],
          );
          if (frames[own]) expect(isWithin(box, frames[own])).toBe(true);
        }
      }),
    );
  });

  it('places every node once, those of a collapsed group at its box', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const layout = layoutGraph(given);
        expect(layout.nodeX).toHaveLength(given.groupOf.length);
        for (const [node, vertex] of layout.vertexOf.entries()) {
          expect(Number.isFinite(layout.nodeX[node]) && Number.isFinite(layout.nodeY[node])).toBe(true);
          if (vertex === node) continue;
          const group = vertex - given.groupOf.length;
          expect(layout.isCollapsed[group]).toBe(1);
          expect([layout.nodeX[node], layout.nodeY[node]]).toEqual([layout.groupX[group], layout.groupY[group]]);
        }
      }),
    );
  });

  it('draws each edge once, from the edge of what it leaves to the edge of what it enters', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const layout = layoutGraph(given);
        const nodes = given.groupOf.length;
        const pairs = new Set<string>();
        for (const [edge, drawn] of layout.edges.edgeOf.entries()) {
          const [from, to] = [layout.vertexOf[given.from[edge]!], layout.vertexOf[given.to[edge]!]];
          if (from === undefined || to === undefined || (from === to && from >= nodes)) {
            expect(drawn).toBe(-1);
            continue;
          }
          expect([layout.edges.from[drawn], layout.edges.to[drawn]]).toEqual([from, to]);
          pairs.add(`${from} ${to}`);
        }
        if (given.from.length === 0) return;
        expect(layout.edges.from).toHaveLength(pairs.size);
        const boxOf = (vertex: number): Box =>
          vertex < nodes ? nodeBox(layout, vertex) : groupBox(layout, vertex - nodes);
        for (const [edge, from] of layout.edges.from.entries()) {
          const points = [...pointsOf(layout, edge)];
          for (const [vertex, point] of [
            [from, points[0]!],
            [layout.edges.to[edge]!, points.at(-1)!],
          ] as const) {
            const { x, y, width, height } = boxOf(vertex);
            expect([x, x + width].some((side) => Math.abs(side - point[0]) < 1e-6)).toBe(true);
            expect(point[1] >= y && point[1] <= y + height).toBe(true);
          }
        }
      }),
    );
  });

  it('leads edges from left to right, or to a band below, where groups are levels', () => {
    fc.assert(
      fc.property(levels, (given) => {
        const layout = layoutGraph(given);
        for (const [edge, from] of given.from.entries()) {
          const [source, target] = [from, given.to[edge]!].map((node) => nodeBox(layout, node)) as [Box, Box];
          const [before, after] = [
            groupBox(layout, given.groupOf[from]!),
            groupBox(layout, given.groupOf[given.to[edge]!]!),
          ];
          const isBelow = after.y >= before.y + before.height;
          expect(source.x + source.width < target.x || isBelow).toBe(true);
        }
      }),
    );
  });

  it('leads edges past nodes, never over them, where groups are levels', () => {
    fc.assert(
      fc.property(levels, (given) => {
        const layout = layoutGraph(given);
        const boxes = drawnNodes(layout).map((node) => nodeBox(layout, node));
        for (const [edge, from] of layout.edges.from.entries()) {
          const others = boxes.filter((_, node) => node !== from && node !== layout.edges.to[edge]);
          for (const [x, y] of pointsOf(layout, edge)) {
            const point = { x: x - 0.01, y: y - 0.01, width: 0.02, height: 0.02 };
            expect(others.some((box) => overlap(box, point))).toBe(false);
          }
        }
      }),
      { numRuns: 50, examples: [[pastWiderBand]] },
    );
  });

  it('leads from each group to the next one where no edge is known', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(8), { maxLength: 2 }), (sizes, collapsed) => {
        const groupOf = sizes.flatMap((size, group) => Array.from({ length: size }, () => group));
        const { edges, ...layout } = layoutGraph(input({ groupOf, collapsed }));
        expect([...edges.from]).toEqual(sizes.slice(1).map((_, group) => groupOf.length + group));
        expect([...edges.to]).toEqual(sizes.slice(1).map((_, group) => groupOf.length + group + 1));
        for (const edge of edges.from.keys()) {
          const points = [...pointsOf({ edges, ...layout }, edge)];
          const [before, after] = [groupBox({ edges, ...layout }, edge), groupBox({ edges, ...layout }, edge + 1)];
          expect(points[0]![0]).toBeCloseTo(before.x + before.width);
          expect(points.at(-1)![0]).toBeCloseTo(after.x);
        }
      }),
    );
    const known = layoutGraph(input({ groupOf: [0, 1, 1], edges: [[1, 2]] }));
    expect([...known.edges.from]).toEqual([1]);
  });

  it('is the same for the same graph, and can be handed to another thread', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const layout = layoutGraph(given);
        expect(layoutGraph(structuredClone(given))).toEqual(layout);
        expect(structuredClone(layout)).toEqual(layout);
      }),
    );
  });

  it('puts what a step called below it, indented', () => {
    const layout = layoutGraph(input({ groupOf: [0, 0, 0, 0], parentOf: [-1, 0, 1, -1] }));
    expect([...layout.nodeY]).toEqual([...layout.nodeY].toSorted((a, b) => a - b));
    expect([...layout.nodeX].map((x) => x - layout.nodeX[0]!)).toEqual([0, 16, 32, 0]);
    expect([...layout.nodeX].map((x, node) => x + layout.nodeWidth[node]!)).toEqual(
      Array.from({ length: 4 }, () => layout.nodeX[0]! + layout.nodeWidth[0]!),
    );
  });

  it('puts steps outside any group where what they need is on their left, or above', () => {
    const layout = layoutGraph(
      input({
        groupOf: [-1, 0, -1, 1, -1],
        edges: [
          [0, 1],
          [1, 2],
          [2, 3],
          [2, 4],
        ],
      }),
    );
    const isBefore = (a: number, b: number): boolean => {
      const below = layout.nodeY[b]! - layout.nodeY[a]!;
      return Math.abs(below) > 2 * NODE_HEIGHT ? below > 0 : layout.nodeX[a]! < layout.nodeX[b]!;
    };
    expect([isBefore(0, 1), isBefore(1, 2), isBefore(2, 3), isBefore(2, 4)]).toEqual([true, true, true, true]);
  });

  it('orders the steps of a group by what they need, so that edges do not cross', () => {
    const layout = layoutGraph(
      input({
        groupOf: [0, 0, 0, 1, 1, 1],
        edges: [
          [0, 5],
          [1, 4],
          [2, 3],
        ],
      }),
    );
    const inOrder = (nodes: readonly number[]): number[] =>
      nodes.toSorted((a, b) => layout.nodeY[a]! - layout.nodeY[b]!);
    expect(inOrder([3, 4, 5]).map((node) => 5 - node)).toEqual(inOrder([0, 1, 2]));
  });

  it('keeps passes of a tool in order, though edges would be shorter otherwise', () => {
    const fromDrafts = [1, 2, 3, 4].flatMap((draft) => [[0, draft] as const, [draft, draft + 4] as const]);
    const backToDrafts = [2, 3, 4].map((draft) => [draft + 3, draft] as const);
    const loop = {
      groupOf: [0, 1, 1, 1, 1, 2, 2, 2, 2, 3],
      edges: [...fromDrafts, ...backToDrafts, [4, 9] as const, [8, 9] as const],
    };
    const draftsOf = ({ nodeY }: GraphLayout): number[] => [1, 2, 3, 4].toSorted((a, b) => nodeY[a]! - nodeY[b]!);
    expect(draftsOf(layoutGraph(input(loop)))).not.toEqual([1, 2, 3, 4]);
    const firstPassOf = [0, 1, 1, 1, 1, 5, 5, 5, 5, 9];
    expect(draftsOf(layoutGraph(input({ ...loop, firstPassOf })))).toEqual([1, 2, 3, 4]);
  });

  it('keeps the given order where nothing speaks against it', () => {
    const layout = layoutGraph(input({ groupOf: [0, 0, 0, 0] }));
    expect([...layout.nodeY]).toEqual([...layout.nodeY].toSorted((a, b) => a - b));
  });

  it.each([
    ['nothing', input({ groupOf: [] })],
    ['a group without steps', input({ groupOf: [], groupCount: 1 })],
    ['10,000 steps in one group', input({ groupOf: Array.from({ length: 10_000 }, () => 0) })],
    [
      '10,000 steps in 10,000 groups',
      input({
        groupOf: Array.from({ length: 10_000 }, (_, node) => node),
        edges: Array.from({ length: 9_999 }, (_, node) => [node, node + 1] as const),
      }),
    ],
    [
      'a cycle of 10,000 steps outside any group',
      input({
        groupOf: Array.from({ length: 10_000 }, () => -1),
        edges: Array.from({ length: 10_000 }, (_, node) => [node, (node + 1) % 10_000] as const),
      }),
    ],
    [
      '10,000 steps that call each other',
      input({
        groupOf: Array.from({ length: 10_000 }, () => 0),
        parentOf: Array.from({ length: 10_000 }, (_, node) => node - 1),
      }),
    ],
    [
      '20,000 edges between groups that are far from each other',
      input({
        groupOf: Array.from({ length: 10_000 }, (_, node) => Math.floor(node / 10)),
        edges: Array.from({ length: 20_000 }, (_, edge) => [edge % 5000, 5000 + ((edge * 7) % 5000)] as const),
      }),
    ],
  ])('lays out %s in well under a second', (_, given) => {
    const start = performance.now();
    const { width, height } = layoutGraph(given);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(Number.isFinite(width) && Number.isFinite(height)).toBe(true);
  });

  it('passes fewer frames one by one where edges are many, so that there is room for them all', () => {
    const bytesOfEdge = (steps: number): number => {
      const groupOf = Array.from({ length: steps }, (_, node) => node);
      const edges = groupOf.flatMap((to) => groupOf.slice(0, to).map((from) => [from, to] as const));
      return layoutGraph(input({ groupOf, edges })).edges.curves.byteLength / edges.length;
    };
    expect(bytesOfEdge(300)).toBeLessThan(bytesOfEdge(50));
    expect(bytesOfEdge(300)).toBeLessThan(500);
  });

  it('breaks a long chain into bands, as text is broken into lines', () => {
    const { width, height } = layoutGraph(input({ groupOf: Array.from({ length: 100 }, (_, node) => node) }));
    expect(width / height).toBeGreaterThan(1);
    expect(width / height).toBeLessThan(4);
  });
});
