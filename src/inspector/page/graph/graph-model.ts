import { computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals';
import { emphasizeMatches, emphasizeSelection, NO_EMPHASIS } from '../../scene/graph-emphasis.ts';
import type { GraphHit } from '../../scene/graph-hit.ts';
import { type GraphInput, graphInputOf, isSameInput, largeGroupsOf } from '../../scene/graph-input.ts';
import { graphScene } from '../../scene/graph-scene.ts';
import type { GraphSelection } from '../../scene/graph-selection.ts';
import type { GraphLayout } from '../../scene/layout-graph.ts';
import type { RunView } from '../../view/run-view.ts';
import { matches } from '../shown-run.ts';
import { readList, toggled } from '../timeline/shown-lists.ts';
import type { Anchor } from '../ui/popover.tsx';
import { selected, show, shown } from '../url-state.ts';
import { findSelected } from './find-selected.ts';
import { startLayout } from './layouter.ts';

/** A run and where its parts stand. */
export interface Drawn {
  readonly run: RunView;
  readonly layout: GraphLayout;
}

/** What is pointed at, and where. */
export interface Hovered {
  readonly hit: GraphHit;
  readonly at: Anchor;
}

/** How long a layout may take before the page says that it is at work. */
const PATIENCE_MS = 150;

const collapsedText = computed(() => shown.value.collapsed);

/** What the graph shows, and where that comes from. */
export class GraphModel {
  readonly run: Signal<RunView>;
  readonly hovered: Signal<Hovered | undefined> = signal(undefined);
  /** What is pointed at: the same as long as the pointer stays on it. */
  readonly pointed: ReadonlySignal<GraphHit | undefined> = computed(() => this.hovered.value?.hit);
  /** How many steps are being laid out, once that takes a while. */
  readonly layingOut: Signal<number | undefined> = signal(undefined);
  /** Whether there is no layout, because the browser let no worker start. */
  readonly hasFailed: Signal<boolean> = signal(false);
  readonly drawn: Signal<Drawn | undefined> = signal(undefined);
  readonly scene: ReadonlySignal<ReturnType<typeof graphScene> | undefined> = computed(() => {
    const drawn = this.drawn.value;
    return drawn && graphScene(drawn.run, drawn.layout);
  });
  readonly selection: ReadonlySignal<GraphSelection> = computed(() => {
    const [scene, drawn] = [this.scene.value, this.drawn.value];
    return scene && drawn ? findSelected(drawn.run, scene, drawn.layout, selected.value) : {};
  });
  /** Vertices of what was searched for and found; undefined where nothing is searched for. */
  readonly matches: ReadonlySignal<ReadonlySet<number> | undefined> = computed(() => this.#found.value?.vertices);
  readonly emphasis: ReadonlySignal<typeof NO_EMPHASIS> = computed(() => {
    const [scene, drawn] = [this.scene.value, this.drawn.value];
    if (!scene || !drawn) return NO_EMPHASIS;
    return this.#found.value ?? emphasizeSelection(this.selection.value, scene, drawn.run);
  });
  /** Indexes of the groups that are one box. */
  readonly collapsed: ReadonlySignal<readonly number[]> = computed(() =>
    readCollapsed(this.run.value, collapsedText.value),
  );

  readonly #found = computed(() => {
    const [found, drawn] = [matches.value, this.drawn.value];
    return found && drawn && emphasizeMatches(found.steps, drawn.run, drawn.layout.vertexOf);
  });
  /** What was laid out last. */
  #input: GraphInput | undefined;
  #isLayingOut = false;
  #anchor: number | undefined;

  constructor(run: RunView) {
    this.run = signal(run);
  }

  /** Lays out whenever the structure changes. @returns what ends it */
  start(): () => void {
    return effect(() => {
      const [run, collapsed] = [this.run.value, this.collapsed.value];
      untracked(() => this.#update(run, collapsed));
    });
  }

  /** The pointer is on something, or on nothing. */
  hover(hit: GraphHit | undefined, at: Anchor | undefined): void {
    const before = this.pointed.peek();
    this.hovered.value = hit && at && { hit: before?.item === hit.item ? before : hit, at };
  }

  /** Collapses a group, or opens it. */
  toggleGroup(group: number): void {
    const next = toggled(this.collapsed.peek(), group);
    const { groups } = this.run.peek();
    this.#anchor = group;
    // Even an empty list is written: without one, large groups are collapsed.
    show({ collapsed: JSON.stringify(next.map((index) => groups[index]!.groupIndex)) }, false);
  }

  /** The group that was collapsed or opened since this was asked last: it is to stay where it is in the window. */
  takeAnchor(): number | undefined {
    const anchor = this.#anchor;
    this.#anchor = undefined;
    return anchor;
  }

  #update(run: RunView, collapsed: readonly number[]): void {
    if (this.#isLayingOut) return;
    const input = graphInputOf(run, collapsed);
    const known = this.drawn.value;
    if (known && this.#input && isSameInput(input, this.#input)) {
      this.drawn.value = { run, layout: known.layout };
      return;
    }
    this.#input = input;
    void this.#layOut(run, input);
  }

  async #layOut(run: RunView, input: GraphInput): Promise<void> {
    this.#isLayingOut = true;
    const timer = setTimeout(() => (this.layingOut.value = run.steps.length), PATIENCE_MS);
    try {
      this.drawn.value = { run, layout: await startLayout(input) };
      this.hasFailed.value = false;
    } catch {
      this.hasFailed.value = true;
      return;
    } finally {
      clearTimeout(timer);
      this.layingOut.value = undefined;
      this.#isLayingOut = false;
    }
    // What has changed since is laid out now.
    this.#update(this.run.peek(), this.collapsed.peek());
  }
}

/** Indexes of the groups of a run that are one box, as the address says. */
export function collapsedGroups(run: RunView): readonly number[] {
  return readCollapsed(run, collapsedText.peek());
}

/** Where nothing is said, those of large runs that are large. */
function readCollapsed(run: RunView, text: string): readonly number[] {
  if (text === '') return largeGroupsOf(run);
  const chosen = new Set(readList(text, 'number'));
  return run.groups.flatMap(({ groupIndex }, index) => (chosen.has(groupIndex) ? [index] : []));
}
