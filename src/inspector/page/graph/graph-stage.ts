import {
  type Box,
  type Camera,
  fitCamera,
  limitCamera,
  panCamera,
  revealBox,
  type Size,
  toGraph,
  zoomCamera,
} from '../../scene/graph-camera.ts';
import { type GraphHit, hitGraph } from '../../scene/graph-hit.ts';
import type { GraphScene } from '../../scene/graph-items.ts';
import { type Point, startGestures } from './gestures.ts';
import { type GraphLook, GraphPainter } from './graph-painter.ts';

/** What happens on the canvas. */
export interface StageEvents {
  /** Undefined for where nothing is. */
  click(hit: GraphHit | undefined): void;
  hover(hit: GraphHit | undefined, at: Point | undefined): void;
  /** The camera came to rest. Undefined where it shows the whole graph, whatever becomes of that. */
  rest(camera: Camera | undefined): void;
}

/** How long the camera has to rest before it is told. */
const REST_MS = 250;
/** How long it moves by itself. */
const GLIDE_MS = 180;
/** How wide the buttons at the right are. */
const BUTTONS = 40;
/** What is seen around what is shown, in pixels at scale 1. */
const AROUND = 160;
/** How far from an edge a click may be, in pixels of the window. */
const REACH = 6;

/** A canvas with a graph on it, which can be dragged and zoomed. Draws when something has changed, once a frame. */
export class GraphStage {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: StageEvents;
  readonly #ending: (() => void)[] = [];
  #window: Size = { width: 0, height: 0 };
  #camera: Camera | undefined;
  /** Whether the whole graph is shown, also when it or the window grows. */
  #isFitted = true;
  #glide: { readonly from: Camera; readonly to: Camera; readonly startMs: number } | undefined;
  #scene: GraphScene | undefined;
  #painter: GraphPainter | undefined;
  #look: GraphLook | undefined;
  #frame = 0;
  #restTimer = 0;

  constructor(canvas: HTMLCanvasElement, events: StageEvents) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d')!;
    this.#events = events;
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(canvas);
    const endGestures = startGestures(canvas, {
      pan: (dx, dy) => this.#camera && this.#move(panCamera(this.#camera, dx, dy)),
      zoom: (factor, at) => this.zoom(factor, at),
      click: (at) => events.click(this.#hit(at)),
      doubleClick: () => this.fit(),
      hover: (at) => this.#hover(at),
    });
    this.#ending.push(() => observer.disconnect(), endGestures);
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#restTimer);
    for (const end of this.#ending) end();
  }

  /** @param shift how far what has to stay in its place moved, from the scene before */
  setScene(scene: GraphScene, shift?: Point): void {
    const [camera, before] = [this.#camera, this.#scene];
    this.#scene = scene;
    this.#painter = new GraphPainter(scene);
    if (camera && shift) this.#move({ x: camera.x + shift.x, y: camera.y + shift.y, scale: camera.scale });
    else if (this.#isFitted && before && (before.width !== scene.width || before.height !== scene.height)) this.fit();
    this.#ask();
  }

  setLook(look: GraphLook): void {
    this.#look = look;
    this.#ask();
  }

  setCamera(camera: Camera): void {
    this.#glide = undefined;
    this.#isFitted = false;
    this.#camera = camera;
    this.#ask();
  }

  /** Shows the whole graph. */
  fit(): void {
    this.#isFitted = true;
    this.#rest();
    if (this.#scene && this.#window.width > 0) this.#glideTo(this.#whole());
  }

  /** @param at the point that stays, the middle of the window without one */
  zoom(factor: number, at?: Point): void {
    const { width, height } = this.#window;
    const camera = this.#glide?.to ?? this.#camera;
    if (!camera) return;
    const zoomed = zoomCamera(camera, factor, at ?? { x: width / 2, y: height / 2 }, this.#window);
    if (at) return this.#move(zoomed);
    this.#leaveFit();
    this.#glideTo(zoomed);
  }

  /** Shows something, and a little around it. */
  show({ x, y, width, height }: Box): void {
    const around = { x: x - AROUND, y: y - AROUND, width: width + 2 * AROUND, height: height + 2 * AROUND };
    this.#leaveFit();
    this.#glideTo(fitCamera(around, this.#window));
  }

  /** Brings something into sight, where it is not. */
  reveal(box: Box): void {
    const camera = this.#glide?.to ?? this.#camera;
    if (!camera || this.#window.width === 0) return;
    const revealed = revealBox(camera, box, this.#window);
    if (revealed === camera) return;
    this.#leaveFit();
    this.#glideTo(revealed);
  }

  #leaveFit(): void {
    this.#isFitted = false;
    this.#rest();
  }

  #hit({ x, y }: Point): GraphHit | undefined {
    if (!this.#scene || !this.#camera) return undefined;
    const point = toGraph(this.#camera, x, y, this.#window);
    return hitGraph(this.#scene, point.x, point.y, REACH / this.#camera.scale);
  }

  #hover(at: Point | undefined): void {
    const hit = at && this.#hit(at);
    this.#canvas.style.cursor = hit ? 'pointer' : '';
    this.#events.hover(hit, at);
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#window = { width, height };
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    if (this.#isFitted) this.#camera = undefined;
    // At once: a canvas that was resized is empty.
    this.#paint();
  }

  #move(camera: Camera): void {
    this.setCamera(this.#scene ? limitCamera(camera, this.#scene) : camera);
    this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#restTimer);
    const tell = (): void => this.#events.rest(this.#isFitted ? undefined : this.#camera);
    this.#restTimer = setTimeout(tell, REST_MS) as unknown as number;
  }

  #glideTo(to: Camera): void {
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#glide = isStill || !this.#camera ? undefined : { from: this.#camera, to, startMs: performance.now() };
    if (!this.#glide) this.#camera = to;
    this.#ask();
  }

  #ask(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#stepGlide();
      this.#paint();
    });
  }

  #stepGlide(): void {
    if (!this.#glide) return;
    const { from, to, startMs } = this.#glide;
    const part = Math.min(1, (performance.now() - startMs) / GLIDE_MS);
    if (part === 1) this.#glide = undefined;
    const eased = 1 - (1 - part) ** 3;
    const between = (a: number, b: number): number => a + (b - a) * eased;
    const scale = from.scale * (to.scale / from.scale) ** eased;
    this.#camera = { x: between(from.x, to.x), y: between(from.y, to.y), scale };
    if (this.#glide) this.#ask();
  }

  #paint(): void {
    if (!this.#painter || !this.#look || this.#window.width === 0) return;
    this.#camera ??= this.#whole();
    this.#painter.paint(this.#context, this.#camera, this.#window, devicePixelRatio || 1, this.#look);
  }

  #whole(): Camera {
    const { width, height } = this.#scene!;
    const room = { ...this.#window, width: Math.max(1, this.#window.width - BUTTONS) };
    const { x, y, scale } = fitCamera({ x: 0, y: 0, width, height }, room);
    return { x: x + BUTTONS / 2 / scale, y, scale };
  }
}
