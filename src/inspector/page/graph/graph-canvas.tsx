import { useSignalEffect } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatPlace, parsePlace } from '../../scene/graph-camera.ts';
import type { GraphHit } from '../../scene/graph-hit.ts';
import type { GraphScene } from '../../scene/graph-items.ts';
import { selectEdge, selectVertex } from '../../scene/graph-selection.ts';
import type { RunView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { palette } from '../theme.ts';
import type { Anchor } from '../ui/popover.tsx';
import { selected, show, shown } from '../url-state.ts';
import type { Point } from './gestures.ts';
import { selectedBox } from './graph-actions.ts';
import type { GraphModel } from './graph-model.ts';
import { GraphStage } from './graph-stage.ts';

interface CanvasProps {
  readonly model: GraphModel;
  /** Is given the stage, for whoever zooms it. */
  readonly stage: RefObject<GraphStage | null>;
}

/** How long one pulse of what runs takes. */
const PULSE_MS = 1800;

/** The graph itself. Readers of the screen have the list beside it. */
export function GraphCanvas({ model, stage }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const started = new GraphStage(canvas.current!, {
      click: (hit) => click(model, hit),
      hover: (hit, at) => model.hover(hit, at && anchorAt(at, canvas.current!)),
      rest: (camera) => show({ place: camera ? formatPlace(camera) : '' }, false),
    });
    stage.current = started;
    return () => started.end();
  }, []);
  useScene(model, stage);
  usePlace(stage);
  useLook(model, stage, canvas);
  useReveal(model, stage);
  return (
    <canvas
      ref={canvas}
      tabIndex={0}
      role="application"
      aria-roledescription="graph"
      aria-label={`Graph of ${model.scene.value?.title ?? 'the run'}. Arrow keys go from step to step.`}
    />
  );
}

/** How far what stands beside the pointer is above or below it. */
const AWAY = 10;

function anchorAt({ x, y }: Point, canvas: HTMLElement): Anchor {
  const { left, top } = canvas.getBoundingClientRect();
  return { x: left + x, top: top + y - AWAY, bottom: top + y + AWAY };
}

function click(model: GraphModel, hit: GraphHit | undefined): void {
  const { run } = model.drawn.peek()!;
  if (hit?.kind === 'group' && hit.isTriangle) return model.toggleGroup(hit.item.group);
  show({ selected: hit ? nameHit(run, hit) : '' });
}

function nameHit(run: RunView, hit: GraphHit): string {
  return hit.kind === 'edge' ? selectEdge(run, hit.item) : selectVertex(run, hit.item.vertex);
}

function useScene(model: GraphModel, stage: RefObject<GraphStage | null>): void {
  const before = useRef<GraphScene | undefined>(undefined);
  useSignalEffect(() => {
    const scene = model.scene.value;
    if (!scene) return;
    const anchor = model.takeAnchor() ?? -1;
    const [from, to] = [before.current?.groups[anchor], scene.groups[anchor]];
    before.current = scene;
    model.hovered.value = undefined;
    stage.current?.setScene(scene, from && to && { x: to.x - from.x, y: to.y - from.y });
  });
}

/** Takes the place from the address, unless it was written there by this. */
function usePlace(stage: RefObject<GraphStage | null>): void {
  const known = useRef('');
  useSignalEffect(() => {
    const { place } = shown.value;
    if (place === known.current) return;
    known.current = place;
    const camera = parsePlace(place);
    if (camera) stage.current?.setCamera(camera);
    else stage.current?.start();
  });
}

function useLook(
  model: GraphModel,
  stage: RefObject<GraphStage | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
): void {
  useSignalEffect(() => {
    const drawn = model.drawn.value;
    const goesOn = drawn?.run.state === 'running';
    stage.current?.setLook({
      palette: palette.value,
      fontFamily: getComputedStyle(canvas.current!).fontFamily,
      emphasis: model.emphasis.value,
      selection: model.selection.value,
      hovered: model.pointed.value,
      matches: model.matches.value,
      // The clock of a run that goes on lets what runs pulse as well.
      nowMs: goesOn ? nowMs.value : nowMs.peek(),
      pulse: goesOn ? pulseNow() : 1,
    });
  });
}

function pulseNow(): number {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return 1;
  return 0.5 + 0.5 * Math.cos((performance.now() / PULSE_MS) * 2 * Math.PI);
}

/** Brings what is selected into sight, once each time that something else is. */
function useReveal(model: GraphModel, stage: RefObject<GraphStage | null>): void {
  const revealed = useRef('');
  useSignalEffect(() => {
    const box = selectedBox(model.selection.value);
    if (selected.value === revealed.current || !box) return;
    revealed.current = selected.value;
    stage.current?.reveal(box);
  });
}
