import type { GraphGroup, GraphNode, GraphScene } from './graph-items.ts';
import { isWrong } from './step-states.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

/**
 * The vertex that an arrow key leads to: left to what it needs, right to what needs it, up and down within its group, whose frame is above its first
 * step. From a group to the groups beside it, where no edge leads on. The same where there is none; the first step from nothing.
 */
export function moveInGraph(scene: GraphScene, from: number | undefined, direction: Direction): number | undefined {
  const node = scene.nodes.find(({ vertex }) => vertex === from);
  const group = scene.groups.find(({ vertex }) => vertex === from);
  if (from === undefined || (!node && !group)) return firstOf(scene)?.vertex;
  if (direction === 'left' || direction === 'right') {
    const neighbour = alongEdge(scene, from, direction);
    return neighbour ?? (group ? besideGroup(scene, group, direction === 'right' ? 1 : -1) : from);
  }
  if (node) return withinGroup(scene, node, direction === 'down' ? 1 : -1);
  if (group!.isCollapsed || direction === 'up') return besideGroup(scene, group!, direction === 'down' ? 1 : -1);
  return inReadingOrder(scene, group)[0]?.vertex ?? from;
}

/** What is worth to begin with: what went wrong, else what is on the critical path, else what is first. */
export function firstOf({ nodes, groups }: GraphScene): GraphNode | GraphGroup | undefined {
  const items = [...groups.filter(({ isCollapsed }) => isCollapsed), ...nodes];
  const wrong = items.find((item) => ('state' in item ? isWrong(item.state) : item.color));
  return wrong ?? items.find(({ isCritical }) => isCritical) ?? items[0] ?? groups[0];
}

/** Of several the one on the critical path, else the nearest. */
function alongEdge(scene: GraphScene, from: number, direction: 'left' | 'right'): number | undefined {
  const middles = new Map([...scene.groups, ...scene.nodes].map(({ vertex, y, height }) => [vertex, y + height / 2]));
  let [best, least]: [number | undefined, number] = [undefined, Infinity];
  for (const edge of scene.edges) {
    const [here, there] = direction === 'right' ? [edge.from, edge.to] : [edge.to, edge.from];
    if (here !== from || there === from) continue;
    const distance = edge.isCritical ? -1 : Math.abs(middles.get(there)! - middles.get(from)!);
    if (distance >= least) continue;
    best = there;
    least = distance;
  }
  return best;
}

function besideGroup({ groups }: GraphScene, { group, vertex }: GraphGroup, by: 1 | -1): number {
  return groups[group + by]?.vertex ?? vertex;
}

function withinGroup(scene: GraphScene, node: GraphNode, by: 1 | -1): number {
  const group = frameAround(scene, node);
  const nodes = inReadingOrder(scene, group);
  const next = nodes[nodes.indexOf(node) + by];
  return next?.vertex ?? (by < 0 && group ? group.vertex : node.vertex);
}

/** Nodes of a group, or outside any, column by column. */
function inReadingOrder(scene: GraphScene, group: GraphGroup | undefined): GraphNode[] {
  return scene.nodes
    .filter((node) => frameAround(scene, node) === group)
    .toSorted((a, b) => a.x + a.width - b.x - b.width || a.y - b.y);
}

function frameAround({ groups }: GraphScene, { x, y }: GraphNode): GraphGroup | undefined {
  return groups.find((group) => x > group.x && x < group.x + group.width && y > group.y && y < group.y + group.height);
}
