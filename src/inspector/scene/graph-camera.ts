/** Which part of the graph is seen: the point in the middle of the window, and how many pixels of it one of the graph takes. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Of the window, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export const MAX_SCALE = 3;
const MIN_SCALE = 0.005;
/** A whole graph is not made larger than it is by more than that. */
const MAX_FIT = 1.25;
/** In which texts are read with ease; a little less, where all is seen then. */
const READABLE = 0.85;
const NEARLY_READABLE = 0.8;
/** What is seen around what matters, in pixels at scale 1. */
const AROUND = 24;
/** How far from an edge of the window what is brought into sight stays, in pixels. */
const MARGIN = 16;

/** Shows all of a box. */
export function fitCamera({ x, y, width, height }: Box, window: Size, largest: number = MAX_FIT): Camera {
  const scale = Math.min(window.width / Math.max(1, width), window.height / Math.max(1, height), largest);
  return { x: x + width / 2, y: y + height / 2, scale: limitScale(scale) };
}

/**
 * What is seen of a graph at first: all of it where that can be read, else its beginning, moved as far as it takes to see what matters.
 *
 * @param matters undefined where it is better to see all, however small
 */
export function startCamera({ width, height }: Size, matters: Box | undefined, window: Size): Camera {
  const whole = fitCamera({ x: 0, y: 0, width, height }, window);
  if (!matters || whole.scale >= NEARLY_READABLE) return whole;
  const scale = READABLE;
  const start = { x: Math.min(width, window.width / scale) / 2, y: Math.min(height, window.height / scale) / 2, scale };
  return revealBox(start, growBox(matters, AROUND), window);
}

export function growBox({ x, y, width, height }: Box, by: number): Box {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

/** Zooms so that the point of the graph that is at a point of the window stays there. */
export function zoomCamera(
  camera: Camera,
  factor: number,
  at: { readonly x: number; readonly y: number },
  window: Size,
): Camera {
  const scale = limitScale(camera.scale * factor);
  const by = 1 / camera.scale - 1 / scale;
  return { x: camera.x + (at.x - window.width / 2) * by, y: camera.y + (at.y - window.height / 2) * by, scale };
}

/** Moves the graph by pixels of the window. */
export function panCamera({ x, y, scale }: Camera, dx: number, dy: number): Camera {
  return { x: x - dx / scale, y: y - dy / scale, scale };
}

/** Moves it as little as it takes to see a box, or its middle where it is larger than the window. The same camera where it is seen already. */
export function revealBox(camera: Camera, box: Box, window: Size): Camera {
  const x = reveal(camera.x, box.x, box.width, window.width / camera.scale, MARGIN / camera.scale);
  const y = reveal(camera.y, box.y, box.height, window.height / camera.scale, MARGIN / camera.scale);
  return x === camera.x && y === camera.y ? camera : { ...camera, x, y };
}

function reveal(middle: number, start: number, length: number, seen: number, margin: number): number {
  const [from, to] = [middle - seen / 2, middle + seen / 2];
  if (start >= from && start + length <= to) return middle;
  if (length + 2 * margin > seen) return start < to && start + length > from ? middle : start + length / 2;
  return Math.max(start + length + margin - seen / 2, Math.min(start - margin + seen / 2, middle));
}

/** Keeps the graph in sight: its nearest edge at most at the middle of the window. */
export function limitCamera({ x, y, scale }: Camera, { width, height }: Size): Camera {
  return { x: Math.max(0, Math.min(width, x)), y: Math.max(0, Math.min(height, y)), scale };
}

/** The point of the graph at a point of the window. */
export function toGraph(
  camera: Camera,
  x: number,
  y: number,
  window: Size,
): { readonly x: number; readonly y: number } {
  return { x: camera.x + (x - window.width / 2) / camera.scale, y: camera.y + (y - window.height / 2) / camera.scale };
}

/** The point of the window at a point of the graph. */
export function toWindow(
  camera: Camera,
  x: number,
  y: number,
  window: Size,
): { readonly x: number; readonly y: number } {
  return { x: window.width / 2 + (x - camera.x) * camera.scale, y: window.height / 2 + (y - camera.y) * camera.scale };
}

/** The part of the graph that is in the window. */
export function seenBox({ x, y, scale }: Camera, window: Size): Box {
  const [width, height] = [window.width / scale, window.height / scale];
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** As it stands in the address, e.g. `612,340,0.85`. */
export function formatPlace({ x, y, scale }: Camera): string {
  return `${Math.round(x)},${Math.round(y)},${Number(scale.toPrecision(3))}`;
}

/** @returns undefined for what is no place */
export function parsePlace(place: string): Camera | undefined {
  const [x, y, scale, ...rest] = place.split(',').map(Number);
  if (x === undefined || y === undefined || scale === undefined || rest.length > 0) return undefined;
  return Number.isFinite(x) && Number.isFinite(y) && scale > 0 ? { x, y, scale: limitScale(scale) } : undefined;
}

function limitScale(scale: number): number {
  return Math.max(MIN_SCALE, Math.min(MAX_SCALE, scale));
}
