import { wheelPixels } from '../wheel.ts';

/** A point of the canvas, in pixels from its left and top edge. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What pointers and the wheel ask for. */
export interface Gestures {
  pan(dx: number, dy: number): void;
  zoom(factor: number, at: Point): void;
  /** Without a drag. */
  click(at: Point): void;
  doubleClick(at: Point): void;
  /** Undefined when the pointer leaves, and while it drags. */
  hover(at: Point | undefined): void;
}

/** By how much a pixel of the wheel zooms, as an exponent; a pinch on a touch pad sends few of them. */
const ZOOM_PER_PIXEL = 0.0018;
const ZOOM_PER_PINCH = 0.01;
/** A shorter drag is a click. */
const MIN_DRAG = 4;

/** Reads drags, pinches, clicks and the wheel. @returns what ends it */
export function startGestures(element: HTMLElement, gestures: Gestures): () => void {
  const ending = new AbortController();
  const pointers = new Map<number, Point>();
  let hasDragged = false;
  let start: Point = { x: 0, y: 0 };

  const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const listen = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
  ): void => element.addEventListener(type, listener, { signal: ending.signal, passive: false });

  listen('pointerdown', (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, pointOf(event));
    start = pointOf(event);
    hasDragged = pointers.size > 1;
  });
  listen('pointermove', (event) => {
    const to = pointOf(event);
    const from = pointers.get(event.pointerId);
    if (!from) return gestures.hover(to);
    hasDragged ||= Math.hypot(to.x - start.x, to.y - start.y) >= MIN_DRAG;
    if (!hasDragged) return;
    gestures.hover(undefined);
    const [before, other] = [middleOf(pointers), [...pointers].find(([id]) => id !== event.pointerId)?.[1]];
    pointers.set(event.pointerId, to);
    const after = middleOf(pointers);
    gestures.pan(after.x - before.x, after.y - before.y);
    if (other) gestures.zoom(distance(to, other) / Math.max(1, distance(from, other)), after);
  });
  const onUp = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId) || pointers.size > 0) return;
    if (event.type === 'pointerup' && !hasDragged) gestures.click(pointOf(event));
  };
  listen('pointerup', onUp);
  listen('pointercancel', onUp);
  listen('pointerleave', () => gestures.hover(undefined));
  listen('dblclick', (event) => gestures.doubleClick(pointOf(event)));
  listen('wheel', (event) => {
    event.preventDefault();
    const [byX, byY] = wheelPixels(event);
    // With shift, browsers turn the wheel sideways.
    if (Math.abs(byX) > Math.abs(byY)) gestures.pan(-byX, 0);
    else gestures.zoom(Math.exp(-byY * (event.ctrlKey ? ZOOM_PER_PINCH : ZOOM_PER_PIXEL)), pointOf(event));
  });
  return () => ending.abort();
}

function middleOf(points: ReadonlyMap<number, Point>): Point {
  let [x, y] = [0, 0];
  for (const point of points.values()) [x, y] = [x + point.x, y + point.y];
  return { x: x / points.size, y: y / points.size };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
