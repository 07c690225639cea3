import type { RunView } from '../view/run-view.ts';
import type { GraphEdge, GraphGroup, GraphNode, GraphScene } from './graph-items.ts';

/** What is selected of what is drawn. */
export interface GraphSelection {
  readonly node?: GraphNode;
  /** Also the collapsed group of a step that is selected. */
  readonly group?: GraphGroup;
  readonly edge?: GraphEdge;
}

/** Finds what the address says is selected: `step:fetch`, `attempt:<span id>`, `group:0`, `edge:a>b`. Made for one scene. */
export class GraphSelector {
  readonly #view: RunView;
  readonly #scene: GraphScene;
  readonly #vertexOf: Int32Array;
  readonly #stepOf: ReadonlyMap<string, number>;
  readonly #nodeOf: ReadonlyMap<number, GraphNode>;

  constructor(view: RunView, scene: GraphScene, vertexOf: Int32Array) {
    this.#view = view;
    this.#scene = scene;
    this.#vertexOf = vertexOf;
    this.#stepOf = new Map(view.steps.map(({ key }, index) => [key, index]));
    this.#nodeOf = new Map(scene.nodes.map((node) => [node.vertex, node]));
  }

  find(selected: string): GraphSelection {
    const [, kind, name = ''] = /^(\w+):([^]*)$/.exec(selected) ?? [];
    switch (kind) {
      case 'step':
        return this.#vertex(this.#vertexOf[this.#stepOf.get(name) ?? -1]);
      case 'attempt':
        return this.#vertex(
          this.#vertexOf[this.#view.steps.findIndex(({ attempts }) => attempts.some(({ spanId }) => spanId === name))],
        );
      case 'group':
        return this.#group(this.#view.groups.findIndex(({ groupIndex }) => String(groupIndex) === name));
      case 'edge':
        return this.#edge(name);
      default:
        return {};
    }
  }

  /** The node or the collapsed group that a vertex is. */
  #vertex(vertex = -1): GraphSelection {
    const node = this.#nodeOf.get(vertex);
    if (node) return { node };
    return vertex < 0 ? {} : this.#group(vertex - this.#view.steps.length);
  }

  #group(index: number): GraphSelection {
    const group = this.#scene.groups[index];
    return group ? { group } : {};
  }

  /** Keys may hold the sign that stands between them. */
  #edge(name: string): GraphSelection {
    const { edges } = this.#view;
    for (let at = name.indexOf('>'); at >= 0; at = name.indexOf('>', at + 1)) {
      const [from, to] = [this.#stepOf.get(name.slice(0, at)), this.#stepOf.get(name.slice(at + 1))];
      if (from === undefined || to === undefined) continue;
      const edge = this.#scene.edges.find((drawn) =>
        drawn.edges.some((each) => edges[each]!.from === from && edges[each]!.to === to),
      );
      if (edge) return { edge };
    }
    return {};
  }
}

/** As the address has them. */
export function selectStep({ key }: { readonly key: string }): string {
  return `step:${key}`;
}

export function selectGroup({ groupIndex }: { readonly groupIndex: number }): string {
  return `group:${groupIndex}`;
}

/** What a vertex stands for. */
export function selectVertex({ steps, groups }: RunView, vertex: number): string {
  const step = steps[vertex];
  return step ? selectStep(step) : selectGroup(groups[vertex - steps.length]!);
}

/** An edge; where it stands for several, what it leads to. */
export function selectEdge(view: RunView, { edges, to }: GraphEdge): string {
  const only = edges.length === 1 ? view.edges[edges[0]!] : undefined;
  return only ? `edge:${view.steps[only.from]!.key}>${view.steps[only.to]!.key}` : selectVertex(view, to);
}
