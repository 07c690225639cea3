import type { Box } from './graph-camera.ts';
import { mixColor } from './mix-color.ts';
import type { Palette } from './palette.ts';

/** What of a canvas draws the graph: of one in the page, or of one that writes a picture. */
export interface Canvas {
  globalAlpha: number;
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  textAlign: string;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void;
  roundRect(x: number, y: number, width: number, height: number, radius: number | number[]): void;
  fill(): void;
  stroke(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  setLineDash(dash: number[]): void;
}

/** What draws the graph, in pixels at scale 1. */
export interface Pen {
  readonly context: Canvas;
  /** Whether it dashes curves by itself: one in the page takes too long for it. */
  readonly dashesCurves?: boolean;
  readonly palette: Palette;
  readonly fontFamily: string;
  readonly scale: number;
  /** The part of the graph that is in the window. */
  readonly seen: Box;
}

/** From which scale on what is drawn. */
export const SCALE = { strips: 0.2, names: 0.26, arrows: 0.3, dashes: 0.35, texts: 0.62, labels: 0.8 } as const;
/** The smallest text, in pixels of the window. */
export const LEAST_TEXT = 10;

export function setFont({ context, fontFamily }: Pen, size: number, weight = 400): void {
  context.font = `${weight} ${size}px ${fontFamily}`;
}

const mixed = new Map<string, string>();

/** As {@link mixColor}, remembered: it is asked for each node of each frame. */
export function mix(color: string, below: string, part: number): string {
  const name = color + below + part;
  const known = mixed.get(name);
  if (known !== undefined) return known;
  const result = mixColor(color, below, part);
  mixed.set(name, result);
  return result;
}

/** Weights are drawn in some steps, so that few styles are needed. */
export function roughly(weight: number): number {
  return Math.round(weight * 4) / 4;
}
