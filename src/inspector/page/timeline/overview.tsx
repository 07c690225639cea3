import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { palette } from '../theme.ts';
import { drawOverview } from './draw-overview.ts';
import { ROW_HEIGHT, type TimelineModel } from './timeline-model.ts';

const HEIGHT = 48;
/** A shorter drag is a click. */
const MIN_DRAG = 4;
/** How near to an edge of the window a drag moves that edge. */
const EDGE = 6;
/** While a run goes on, drawing may take this part of the time. */
const MAX_SHARE = 0.1;

/** A drag on the strip, in pixels: of both edges of the window, or of one of them. */
interface Drag {
  readonly startX: number;
  /** Of the window when it began; of a new one, where it began. */
  readonly from: number;
  readonly to: number;
  readonly movesFrom: boolean;
  readonly movesTo: boolean;
}

/**
 * The whole run above its rows. Dragging chooses the part that is shown, dragging that part moves it, a click goes to the rows there, two show
 * all again. The keys do the same: it is hidden from readers of the screen.
 */
export function Overview({ model }: { readonly model: TimelineModel }): JSX.Element {
  const drag = useSignal<Drag | undefined>(undefined);
  const strip = useRef<HTMLDivElement>(null);
  const xOf = (event: MouseEvent): number => event.clientX - strip.current!.getBoundingClientRect().left;
  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    strip.current!.setPointerCapture(event.pointerId);
    drag.value = dragFrom(model, xOf(event));
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (drag.value) dragTo(model, drag.value, xOf(event));
  };
  const onPointerUp = (event: PointerEvent): void => {
    const x = xOf(event);
    if (drag.value && Math.abs(x - drag.value.startX) < MIN_DRAG)
      scrollTo(model, (event.clientY - strip.current!.getBoundingClientRect().top) / HEIGHT);
    drag.value = undefined;
  };
  return (
    <div
      class="timeline-overview"
      ref={strip}
      aria-hidden="true"
      style={{ height: `${HEIGHT}px` }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => (drag.value = undefined)}
      onDblClick={() => model.setWindow(undefined)}
    >
      <Strip model={model} />
      <ShownPart model={model} />
    </div>
  );
}

/** What a drag from there moves: the window, or one of its edges where it is near; elsewhere it makes a new one. */
function dragFrom(model: TimelineModel, startX: number): Drag {
  const whole = model.wholeScale.peek();
  const { fromMs, toMs } = model.scale.peek().window;
  const [from, to] = [whole.x(fromMs), whole.x(toMs)];
  if (!model.zoom.peek() || startX < from - EDGE || startX > to + EDGE)
    return { startX, from: startX, to: startX, movesFrom: false, movesTo: true };
  return { startX, from, to, movesFrom: startX < to - EDGE, movesTo: startX > from + EDGE };
}

function dragTo(model: TimelineModel, { startX, from, to, movesFrom, movesTo }: Drag, x: number): void {
  const by = x - startX;
  // A click makes no new one.
  if (from === to && Math.abs(by) < MIN_DRAG) return;
  const [a, b] = [movesFrom ? from + by : from, movesTo ? to + by : to];
  const whole = model.wholeScale.peek();
  model.setWindow({ fromMs: whole.ms(Math.min(a, b)), toMs: whole.ms(Math.max(a, b) + 1) });
}

/** @param share of all steps that are above */
function scrollTo(model: TimelineModel, share: number): void {
  const step = Math.floor(share * model.run.peek().steps.length);
  const row = model.rows.peek().findIndex((row) => row.kind === 'step' && row.step >= step);
  if (row >= 0) model.scrollTo.peek()?.(row);
}

/** Drawn again when what it shows changes; while a run goes on no more often than it can afford. */
function Strip({ model }: { readonly model: TimelineModel }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const next = useRef({ at: 0, timer: 0 });
  const [run, width, colors] = [model.run.value, model.plotWidth.value, palette.value];
  const [times, scale] = [model.times.value, model.wholeScale.value];
  useEffect(() => {
    const draw = (): void => {
      const context = canvas.current?.getContext('2d');
      if (!context) return;
      const startedAt = performance.now();
      const ratio = devicePixelRatio || 1;
      Object.assign(context.canvas, { width: Math.round(width * ratio), height: Math.round(HEIGHT * ratio) });
      context.scale(ratio, ratio);
      drawOverview(context, { run, times, scale, width, height: HEIGHT }, colors);
      const tookMs = performance.now() - startedAt;
      next.current.at = startedAt + tookMs / MAX_SHARE;
    };
    next.current.timer = setTimeout(draw, Math.max(0, next.current.at - performance.now())) as unknown as number;
    return () => clearTimeout(next.current.timer);
  }, [run, width, colors, times, scale]);
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${HEIGHT}px` }} />;
}

/** The part of the time that is shown below, and of the rows. */
function ShownPart({ model }: { readonly model: TimelineModel }): JSX.Element {
  const all = Math.max(1, model.rows.value.length * ROW_HEIGHT);
  const [top, shown] = [model.scrollTop.value / all, Math.min(1, model.height.value / all)];
  const whole = model.wholeScale.value;
  const zoom = model.zoom.value;
  const width = model.plotWidth.value;
  const from = zoom ? Math.max(0, whole.x(zoom.fromMs)) : 0;
  const to = zoom ? Math.min(width, whole.x(zoom.toMs)) : width;
  return (
    <>
      {zoom && (
        <>
          <i class="hidden-part" style={{ left: '0', width: `${from}px` }} />
          <i class="hidden-part" style={{ left: `${to}px`, right: '0' }} />
          <i class="shown-part" style={{ left: `${from}px`, width: `${Math.max(2, to - from)}px` }} />
        </>
      )}
      {shown < 1 && (
        <i class="shown-rows" style={{ top: `${top * HEIGHT}px`, height: `${Math.max(2, shown * HEIGHT)}px` }} />
      )}
    </>
  );
}
