import { signal } from '@preact/signals';
import type { RunView } from '../view/run-view.ts';

/** The run that is shown; undefined as long as it is loading. */
export const shownRun = signal<RunView | undefined>(undefined);

/** How far the run is, in milliseconds since its start: grows while it goes on. What it took, once it has ended. */
export const nowMs = signal(0);

/** What the search found; undefined where nothing is searched for. */
export const matches = signal<Matches | undefined>(undefined);

export interface Matches {
  /** Keys of the steps that match, or below which a span does. */
  readonly steps: ReadonlySet<string>;
  /** Ids of spans that match. */
  readonly spans: ReadonlySet<string>;
}

/** A span below a step, whoever wrote it. Times in milliseconds since the start of the run. */
export interface SpanItem {
  readonly spanId: string;
  /** 0 directly below the step. */
  readonly depth: number;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly hasFailed: boolean;
  /** Of an attempt, its number. */
  readonly attempt: number | undefined;
}

/** All spans below one, from top to bottom, by start. Remembered until the run changes. */
export async function spansUnder(_spanId: string): Promise<readonly SpanItem[]> {
  return [];
}
