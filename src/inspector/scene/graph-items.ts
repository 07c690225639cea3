import type { StepState } from '../view/run-view.ts';
import type { Palette } from './palette.ts';

/** What is drawn of a run as a graph. Plain data: the page draws it on a canvas, exports write it as SVG. */
export interface GraphScene {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  readonly groups: readonly GraphGroup[];
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** In place of the edges, where these are too many to be told apart: between groups. Their ends are no vertices. */
  readonly streams: readonly GraphEdge[];
  readonly legend: readonly LegendEntry[];
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A step. */
export interface GraphNode extends Rectangle {
  readonly vertex: number;
  /** Index of the step. */
  readonly step: number;
  /** Cut to what there is room for. */
  readonly label: string;
  readonly detail: string;
  /** What it took; empty as long as it runs, see `sinceMs`. */
  readonly time: string;
  /** When it started, as long as it runs. */
  readonly sinceMs?: number;
  /** `critical`, or its slack. */
  readonly slack: string;
  readonly state: StepState;
  readonly mark: string;
  readonly color: keyof Palette;
  /** 1 where it decides how long the run takes, 0 where it has much slack. */
  readonly weight: number;
  readonly isCritical: boolean;
  readonly isPlanned: boolean;
  /** Whether it started; else it is drawn hollow. */
  readonly hasStarted: boolean;
  /** The line to what called it: down from a point at its left, then to it. */
  readonly stem?: { readonly x: number; readonly y: number };
}

/** A group: a frame around its nodes, or one box. */
export interface GraphGroup extends Rectangle {
  readonly vertex: number;
  readonly group: number;
  /** E.g. `group 0 · parallel`. */
  readonly name: string;
  /** With how many of its steps are done, where there is room. */
  readonly title: string;
  /** What it took; empty as long as it runs, see `sinceMs`. */
  readonly time: string;
  readonly sinceMs?: number;
  /** Where it did not go well. */
  readonly color?: keyof Palette;
  readonly isCollapsed: boolean;
  /** Whether a step of it is on the critical path. */
  readonly isCritical: boolean;
  /** How many steps it has in each state, the most important first. */
  readonly counts: readonly GroupCount[];
  /** The counts in words. */
  readonly summary: string;
}

export interface GroupCount {
  readonly state: StepState;
  readonly count: number;
}

/** Control: the order alone. Data: an output is read; `undeclared` where `depends_on` does not name it. Order: a group follows another. */
export type EdgeKind = 'control' | 'data' | 'undeclared' | 'order';

/** An edge; between boxes it may stand for several. */
export interface GraphEdge {
  /** Vertices: a step, or the number of steps plus a group. */
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  readonly isCritical: boolean;
  readonly weight: number;
  /** Indexes of the edges that it stands for. */
  readonly edges: readonly number[];
  /** A start, then pieces of two controls and an end each (cubic Bézier), all as `x, y`. */
  readonly curve: Float64Array;
  /** Left, top, right, bottom. */
  readonly bounds: readonly [number, number, number, number];
  /** What is handed over, e.g. `rows ← items[0]`; empty for none. */
  readonly label: string;
  /** Middle of the label. */
  readonly labelX: number;
  readonly labelY: number;
}

export interface LegendEntry {
  readonly sample: EdgeKind | 'critical' | 'slack' | 'unplanned';
  readonly text: string;
}
