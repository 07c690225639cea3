import type { EdgeKind, GraphEdge, GraphNode } from './graph-items.ts';
import type { Palette } from './palette.ts';

/** How things in the graph look, wherever it is drawn. In pixels at scale 1. */

export const NODE_RADIUS = 6;
export const GROUP_RADIUS = 10;
/** The coloured edge of a node. */
export const STRIP_WIDTH = 4;
/** Baselines below the top of a node or group. */
export const LABEL_BASELINE = 19;
export const DETAIL_BASELINE = 35;
export const TITLE_BASELINE = 19;
export const SUMMARY_BASELINE = 38;
/** The bar of a collapsed group: below its top, and its height. */
export const BAR_TOP = 52;
export const BAR_HEIGHT = 8;

export const ARROW_LENGTH = 8;
export const ARROW_WIDTH = 7;

/** A dash and the gap after it. */
export type Dash = readonly [drawn: number, free: number];

export const DASHES: Readonly<Record<EdgeKind, Dash | undefined>> = {
  control: undefined,
  data: [7, 3],
  undeclared: [2, 3],
  order: undefined,
};
/** Of the frame of what is not in the plan. */
export const UNPLANNED_DASH: Dash = [4, 3];

export interface EdgeLook {
  readonly color: keyof Palette;
  readonly width: number;
  readonly dash: Dash | undefined;
}

export function edgeLook({ kind, isCritical, edges }: Pick<GraphEdge, 'kind' | 'isCritical' | 'edges'>): EdgeLook {
  const thickness = Math.min(3, Math.log10(edges.length || 1));
  return {
    color: isCritical ? 'critical' : kind === 'control' || kind === 'order' ? 'control' : 'data',
    width: (isCritical ? 2.5 : 1.4) + thickness,
    dash: DASHES[kind],
  };
}

/** How opaque what has this weight is: slack is pale. */
export function opacityOf(weight: number): number {
  return 0.35 + 0.65 * weight;
}

/** How much of a node's colour is in its surface. */
export function tintOf({ weight, hasStarted }: Pick<GraphNode, 'weight' | 'hasStarted'>): number {
  return hasStarted ? 0.04 + 0.14 * weight : 0;
}
