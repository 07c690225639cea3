import {
  type Box,
  type Camera,
  fitCamera,
  growBox,
  limitCamera,
  panCamera,
  revealBox,
  type Size,
  startCamera,
  toGraph,
  toWindow,
  zoomCamera,
} from '../../scene/graph-camera.ts';
import { type GraphHit, hitGraph } from '../../scene/graph-hit.ts';
import type { GraphScene } from '../../scene/graph-items.ts';
import { firstOf } from '../../scene/graph-moves.ts';
import { type Point, startGestures } from './gestures.ts';
import { selectedBox } from './graph-actions.ts';
import { type GraphLook, GraphPainter } from './graph-painter.ts';

/** What happens on the canvas. */
export interface StageEvents {
  /** Undefined for where nothing is. */
  click(hit: GraphHit | undefined): void;
  hover(hit: GraphHit | undefined, at: Point | undefined): void;
  /** The camera came to rest. Undefined where it shows what is shown at first, whatever becomes of the graph. */
  rest(camera: Camera | undefined): void;
}

/** How long the camera has to rest before it is told. */
const REST_MS = 250;
/** How long it moves by itself. */
const GLIDE_MS = 180;
/** The buttons at the right top, with what is around them. */
const BUTTONS = { width: 40, height: 140 };
/** What is seen around what is shown, in pixels at scale 1. */
const AROUND = 160;
/** Graphs of more steps and collapsed groups are shown as a whole at first, so that it is seen what there is. */
const MANY = 40;
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
  /** Whether it is as at first, also when the graph or the window grows. */
  #isAtStart = true;
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
      zoom: (factor, at) => this.#camera && this.#move(zoomCamera(this.#camera, factor, at, this.#window)),
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
    else if (this.#isAtStart && before && (before.width !== scene.width || before.height !== scene.height))
      this.start();
    this.#ask();
  }

  setLook(look: GraphLook): void {
    this.#look = look;
    this.#ask();
  }

  setCamera(camera: Camera): void {
    this.#glide = undefined;
    this.#isAtStart = false;
    this.#camera = camera;
    this.#ask();
  }

  /** Shows what is shown at first. */
  start(): void {
    this.#isAtStart = true;
    this.#rest();
    if (this.#isReady()) this.#glideTo(this.#first());
  }

  /** Shows the whole graph. */
  fit(): void {
    if (!this.#isReady()) return;
    const whole = this.#whole();
    // The address says nothing of what is shown at first.
    this.#isAtStart = this.#first().scale === whole.scale;
    this.#rest();
    this.#glideTo(whole);
  }

  /** Around what is selected, where its middle is in sight, else around the middle of the window. */
  zoom(factor: number): void {
    const [camera, { width, height }] = [this.#glide?.to ?? this.#camera, this.#window];
    if (!camera) return;
    const box = this.#look && selectedBox(this.#look.selection);
    const at = box && toWindow(camera, box.x + box.width / 2, box.y + box.height / 2, this.#window);
    const isSeen = at && at.x > 0 && at.x < width && at.y > 0 && at.y < height;
    this.#leaveStart();
    this.#glideTo(zoomCamera(camera, factor, isSeen ? at : { x: width / 2, y: height / 2 }, this.#window));
  }

  /** Shows something, and a little around it. */
  show(box: Box): void {
    this.#leaveStart();
    this.#glideTo(fitCamera(growBox(box, AROUND), this.#window));
  }

  /** Brings something into sight, where it is not. */
  reveal(box: Box): void {
    const camera = this.#glide?.to ?? this.#camera;
    if (!camera || this.#window.width === 0) return;
    const revealed = revealBox(camera, box, this.#window);
    if (revealed === camera) return;
    this.#leaveStart();
    this.#glideTo(revealed);
  }

  #leaveStart(): void {
    this.#isAtStart = false;
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
    if (this.#isAtStart) this.#camera = undefined;
    // At once: a canvas that was resized is empty.
    this.#paint();
  }

  #move(camera: Camera): void {
    this.setCamera(this.#scene ? limitCamera(camera, this.#scene) : camera);
    this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#restTimer);
    const tell = (): void => this.#events.rest(this.#isAtStart ? undefined : this.#camera);
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
    if (!this.#isReady()) return;
    this.#camera ??= this.#first();
    this.#painter!.paint(this.#context, this.#camera, this.#window, devicePixelRatio || 1, this.#look!);
  }

  #isReady(): boolean {
    return this.#scene !== undefined && this.#look !== undefined && this.#window.width > 0;
  }

  #first(): Camera {
    const { nodes, groups } = this.#scene!;
    const isSmall = nodes.length + groups.filter(({ isCollapsed }) => isCollapsed).length <= MANY;
    return this.#cameraOf(selectedBox(this.#look!.selection) ?? (isSmall ? firstOf(this.#scene!) : undefined));
  }

  #whole(): Camera {
    return this.#cameraOf(undefined);
  }

  /** Below the buttons, else beside them. */
  #cameraOf(matters: Box | undefined): Camera {
    const [scene, { width, height }] = [this.#scene!, this.#window];
    const camera = startCamera(scene, matters, this.#window);
    if (scene.height * camera.scale <= height - 2 * BUTTONS.height) return camera;
    const { x, y, scale } = startCamera(scene, matters, { width: Math.max(1, width - BUTTONS.width), height });
    return { x: x + BUTTONS.width / 2 / scale, y, scale };
  }
}
