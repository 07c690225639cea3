import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { TimeScale, type TimeSpan } from '../../scene/time-scale.ts';
import { type CriticalLink, criticalLinks } from '../../scene/timeline-links.ts';
import { type TimelineRow, timelineRows } from '../../scene/timeline-rows.ts';
import { TimelineScene } from '../../scene/timeline-scene.ts';
import { idleGaps, type RunTimes, timesOf } from '../../scene/timeline-times.ts';
import { keepWithin, panBy, zoomAt } from '../../scene/timeline-zoom.ts';
import type { RunView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import type { Anchor } from '../ui/popover.tsx';
import { selected, shown } from '../url-state.ts';
import { openSpans } from './open-spans.ts';
import { readList } from './shown-lists.ts';

/** Of a row, in pixels. */
export const ROW_HEIGHT = 24;
/** Left of the first tick, and right of the end for labels. */
const PLOT_PADDING = { left: 10, right: 96 };
/** Rows are added and taken away by so many. */
const ROWS_AT_ONCE = 8;

/** Something that is pointed at. */
export interface Hovered extends Anchor {
  readonly row: number;
}

/** What the parts of the timeline show. Each of them reads what it needs, and is drawn again when that alone changes. */
export class TimelineModel {
  readonly run: Signal<RunView>;
  /** Pixels of the names, and of the scrolled part. */
  readonly nameWidth: Signal<number> = signal(240);
  readonly width: Signal<number> = signal(0);
  readonly height: Signal<number> = signal(0);
  readonly scrollTop: Signal<number> = signal(0);
  /** Undefined where all is shown. */
  readonly zoom: Signal<TimeSpan | undefined> = signal(undefined);
  readonly hovered: Signal<Hovered | undefined> = signal(undefined);
  /** Whether what is being selected was clicked here. */
  isPicking = false;
  /** Brings a row into sight; the scrolled part does it. */
  readonly scrollTo: Signal<((row: number) => void) | undefined> = signal(undefined);

  readonly scene: ReadonlySignal<TimelineScene> = computed(() => new TimelineScene(this.run.value));
  readonly times: ReadonlySignal<RunTimes> = computed(() => {
    const run = this.run.value;
    return timesOf(run, run.state === 'running' ? nowMs.value : (run.nowMs ?? run.durationMs));
  });
  readonly collapsed: ReadonlySignal<ReadonlySet<number>> = computed(() => new Set(this.#collapsed.value));
  readonly rows: ReadonlySignal<readonly TimelineRow[]> = computed(() =>
    timelineRows(this.run.value, { collapsed: this.collapsed.value, open: openSpans.value }),
  );
  readonly isFolded: ReadonlySignal<boolean> = computed(() => shown.value.fold === '1');
  /** What can be folded. */
  readonly gaps: ReadonlySignal<readonly TimeSpan[]> = computed(() => idleGaps(this.run.value, this.times.value));
  readonly folds: ReadonlySignal<readonly TimeSpan[]> = computed(() => (this.isFolded.value ? this.gaps.value : NONE));
  readonly plotWidth: ReadonlySignal<number> = computed(() => Math.max(1, this.width.value - this.nameWidth.value));
  readonly scale: ReadonlySignal<TimeScale> = computed(
    () => new TimeScale(this.zoom.value ?? this.times.value.extent, this.pixels.value, this.folds.value),
  );
  /** Of all that there is, whatever part of it is shown. */
  readonly wholeScale: ReadonlySignal<TimeScale> = computed(
    () => new TimeScale(this.times.value.extent, this.pixels.value, this.folds.value),
  );
  readonly pixels: ReadonlySignal<{ from: number; to: number }> = computed(() => ({
    from: PLOT_PADDING.left,
    to: Math.max(PLOT_PADDING.left + 40, this.plotWidth.value - PLOT_PADDING.right),
  }));
  readonly links: ReadonlySignal<readonly CriticalLink[]> = computed(() =>
    criticalLinks(this.run.value, this.rows.value, this.times.value),
  );
  /** Id of a row that was gone to, but that cannot be selected: there is no more to tell of it. Empty for none. */
  readonly cursor: Signal<string> = signal('');
  /** The place of the row that is selected, or stands for what is; -1 for none. */
  readonly selectedRow: ReadonlySignal<number> = computed(() => this.rowOf(this.cursor.value || selected.value));
  /** Rows that are in the document, in steps, so that most scrolling changes nothing. */
  readonly firstRow: ReadonlySignal<number> = computed(() =>
    Math.max(0, (Math.floor(this.scrollTop.value / ROW_HEIGHT / ROWS_AT_ONCE) - 1) * ROWS_AT_ONCE),
  );
  /** How many rows are in the document at most, beside the selected one. */
  readonly rowsAtOnce: ReadonlySignal<number> = computed(
    () => Math.ceil(this.height.value / ROW_HEIGHT / ROWS_AT_ONCE + 3) * ROWS_AT_ONCE,
  );
  readonly lastRow: ReadonlySignal<number> = computed(() =>
    Math.min(this.rows.value.length, this.firstRow.value + this.rowsAtOnce.value),
  );

  readonly #collapsed = computed(() => readList(collapsedText.value, 'number'));

  constructor(run: RunView) {
    this.run = signal(run);
  }

  /** -1 where there is none. An attempt whose step is not open is part of the step's row. */
  rowOf(id: string): number {
    if (id === '') return -1;
    const row = this.rows.value.findIndex((row) => row.id === id);
    if (row >= 0 || !id.startsWith('attempt:')) return row;
    const spanId = id.slice('attempt:'.length);
    const step = this.run.value.steps.find(({ attempts }) => attempts.some((attempt) => attempt.spanId === spanId));
    return step ? this.rows.value.findIndex((row) => row.id === `step:${step.key}`) : -1;
  }

  /** Zooms around a pixel of the plot; around its middle without one. */
  zoomBy(factor: number, x: number = (this.pixels.peek().from + this.pixels.peek().to) / 2): void {
    const { extent } = this.times.peek();
    this.setWindow(zoomAt(this.scale.peek(), x, factor, extent, this.folds.peek()));
  }

  panBy(x: number): void {
    if (this.zoom.peek()) this.setWindow(panBy(this.scale.peek(), x, this.times.peek().extent));
  }

  setWindow(window: TimeSpan | undefined): void {
    const { extent } = this.times.peek();
    const kept = window && keepWithin(window, extent);
    // All of it again: then it follows the end of a run that goes on.
    const isAll = kept && kept.toMs - kept.fromMs >= (extent.toMs - extent.fromMs) * 0.999;
    batch(() => {
      this.zoom.value = isAll ? undefined : kept;
      this.hovered.value = undefined;
    });
  }
}

const NONE: readonly TimeSpan[] = [];
const collapsedText = computed(() => shown.value.collapsed);
