/** Sizes in the graph, in pixels at scale 1. */

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 44;
/** Between nodes of a group: below each other, and between columns. Edges pass there. */
export const ROW_GAP = 16;
export const COLUMN_GAP = 28;
export const ROW_PITCH: number = NODE_HEIGHT + ROW_GAP;
export const COLUMN_PITCH: number = NODE_WIDTH + COLUMN_GAP;

/** Between groups: room for the edges and what is written on them. */
export const GROUP_GAP = 132;
/** Between the frame of a group and its nodes; the title is above these. */
export const PADDING = 14;
export const TITLE_HEIGHT = 30;
/** A group that is one box. */
export const BOX_WIDTH: number = NODE_WIDTH + 2 * PADDING;
export const BOX_HEIGHT = 76;

/** How far what a step called is indented, for each step above it; not further than that. */
export const INDENT = 16;
export const MAX_INDENT: number = 4 * INDENT;
