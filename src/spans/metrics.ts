import { ValueType, type Histogram, type Meter, type UpDownCounter } from '@opentelemetry/api';
import {
  METRIC_ORCHESTRATION_ACTIVE_RUNS,
  METRIC_ORCHESTRATION_RUN_DURATION,
  METRIC_ORCHESTRATION_STEP_DURATION,
  METRIC_ORCHESTRATION_STEP_WAIT,
  type Outcome,
} from '../semconv.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { safely } from './guard.ts';
import type { TextWriter } from './text.ts';

const SECONDS = {
  unit: 's',
  valueType: ValueType.DOUBLE,
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] },
};

/** What a measurement is told apart by. Never an id: each would be a time series of its own. */
interface Labels {
  readonly strategy: string | undefined;
  readonly toolType?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly errorType?: string | undefined;
}

/** The four metrics of one meter. Recording never throws. */
export class Instruments {
  readonly #runDuration: Histogram;
  readonly #stepDuration: Histogram;
  readonly #stepWait: Histogram;
  readonly #activeRuns: UpDownCounter;

  readonly #write: TextWriter;

  constructor(meter: Meter, write: TextWriter) {
    this.#write = write;
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { ...SECONDS, description });
    this.#runDuration = histogram(METRIC_ORCHESTRATION_RUN_DURATION, 'Duration of orchestration runs.');
    this.#stepDuration = histogram(METRIC_ORCHESTRATION_STEP_DURATION, 'Duration of steps.');
    this.#stepWait = histogram(
      METRIC_ORCHESTRATION_STEP_WAIT,
      'Time from the end of the last dependency to the start of a step.',
    );
    const counter = { unit: '{run}', valueType: ValueType.INT, description: 'Runs that are going on.' };
    this.#activeRuns = meter.createUpDownCounter(METRIC_ORCHESTRATION_ACTIVE_RUNS, counter);
  }

  changeActiveRuns(change: 1 | -1, labels: Labels): void {
    safely('count a run', () => this.#activeRuns.add(change, this.#attributesOf(labels)));
  }

  recordRun(milliseconds: number, labels: Labels): void {
    safely('measure a run', () => this.#runDuration.record(milliseconds / 1000, this.#attributesOf(labels)));
  }

  recordStep(milliseconds: number, labels: Labels): void {
    safely('measure a step', () => this.#stepDuration.record(milliseconds / 1000, this.#attributesOf(labels)));
  }

  recordWait(milliseconds: number, labels: Labels): void {
    safely('measure a wait', () => this.#stepWait.record(milliseconds / 1000, this.#attributesOf(labels)));
  }

  #attributesOf(labels: Labels): KnownAttributes {
    const attributes: KnownAttributes = {};
    if (labels.strategy !== undefined) attributes['orchestration.strategy'] = labels.strategy;
    if (labels.toolType !== undefined) attributes['orchestration.tool_type'] = this.#write.name(labels.toolType);
    if (labels.outcome !== undefined) attributes['orchestration.outcome'] = labels.outcome;
    if (labels.errorType !== undefined) attributes['error.type'] = this.#write.name(labels.errorType);
    return attributes;
  }
}
