import { ATTR_ORCHESTRATION_GROUP_INDEX, ATTR_ORCHESTRATION_SPAN_TYPE } from '../semconv.ts';
import { assembleRun, attemptOf, RunDraft, type SpanDraft, type StepDraft, stepOf } from './assemble-run.ts';
import { count } from './format.ts';
import { integerAt, textAt } from './read-attributes.ts';
import type { ReceivedSpan } from './received-span.ts';
import type { Run } from './run.ts';
import { buildSpanTree } from './span-tree.ts';

/**
 * Reads runs back from spans: of any producer that uses the names of `semconv.ts`, in any order, of one trace or many, complete or
 * not. Everything that arrived below a run is kept; planned tools without a span are steps without one. Never throws and never
 * hangs, whatever the spans say.
 *
 * @returns the outermost runs, by start; steps outside any run become one run of their trace, without a plan
 */
export function reconstruct(spans: readonly ReceivedSpan[]): Run[] {
  const traces = new Map<string, ReceivedSpan[]>();
  for (const span of spans) {
    if (!traces.get(span.traceId)?.push(span)) traces.set(span.traceId, [span]);
  }
  const runs = [...traces].flatMap(([traceId, ofTrace]) => new TraceReader(traceId).read(ofTrace));
  return runs.toSorted((a, b) => (a.startNs === b.startNs ? 0 : a.startNs < b.startNs ? -1 : 1));
}

/** Where a span was put: what its children need to know. */
interface Place {
  readonly run?: RunDraft | undefined;
  readonly groupIndex?: number | undefined;
  readonly step?: StepDraft | undefined;
  /** Set below a span of others that is below nothing of ours. */
  readonly root?: Root | undefined;
  /** Takes the spans of others that are directly below. */
  readonly spans: SpanDraft[];
}

/** A span of others that has no parent, or whose parent did not arrive. */
interface Root {
  readonly node: SpanDraft;
  /** Then it is what called the run, and no part of it. */
  holdsRun: boolean;
}

/** Reads one trace from its roots to its leaves, so that what is above a span is known when it comes. */
class TraceReader {
  readonly #traceId: string;
  readonly #runs: RunDraft[] = [];
  /** Runs whose own span did not arrive, by the id that it has. */
  readonly #unseenRuns = new Map<string, RunDraft>();
  /** Steps whose group did not arrive, by its id: they belong together. */
  readonly #orphans = new Map<string, StepDraft[]>();
  readonly #roots: Root[] = [];

  constructor(traceId: string) {
    this.#traceId = traceId;
  }

  read(spans: readonly ReceivedSpan[]): Run[] {
    const tree = buildSpanTree(spans);
    const places = new Map<ReceivedSpan, Place>();
    for (const span of tree.spans) {
      const parent = tree.parents.get(span);
      places.set(span, this.#place(span, parent ? places.get(parent) : undefined));
    }
    for (const steps of this.#orphans.values()) this.#adopt(steps);
    this.#addStrays();
    if (tree.duplicates > 0) this.#note(`${count(tree.duplicates, 'span')} came more than once`);
    if (tree.cycles > 0) this.#note(`${count(tree.cycles, 'cycle')} of parents cut`);
    return this.#assemble();
  }

  #place(span: ReceivedSpan, parent: Place | undefined): Place {
    switch (textAt(span.attributes, ATTR_ORCHESTRATION_SPAN_TYPE)) {
      case 'run': {
        if (parent?.root) parent.root.holdsRun = true;
        const run = this.#newRun(span, parent?.step);
        return { run, spans: run.spans };
      }
      case 'plan': {
        const run = this.#runAbove(span, parent);
        run.planSpans.push(span);
        return { run, spans: run.spans };
      }
      case 'group': {
        const run = this.#runAbove(span, parent);
        run.groupSpans.push(span);
        return { run, groupIndex: integerAt(span.attributes, ATTR_ORCHESTRATION_GROUP_INDEX), spans: run.spans };
      }
      case 'step':
        return this.#placeStep(span, parent);
      case 'attempt':
        if (parent?.step) {
          const attempt = attemptOf(span);
          parent.step.attempts.push(attempt);
          return { ...parent, spans: attempt.spans };
        }
    }
    return this.#placeForeign(span, parent);
  }

  #placeStep(span: ReceivedSpan, parent: Place | undefined): Place {
    const step = stepOf(span, parent?.groupIndex);
    // A planned step is its run's, whoever called it.
    if (parent?.step && !(parent.run && step.isPlanned && step.groupIndex !== undefined)) parent.step.steps.push(step);
    else if (parent?.run) parent.run.steps.push(step);
    else if (!this.#orphans.get(groupKey(step))?.push(step)) this.#orphans.set(groupKey(step), [step]);
    return { run: parent?.run, step, spans: step.spans };
  }

  #placeForeign(span: ReceivedSpan, parent: Place | undefined): Place {
    const node: SpanDraft = { span, children: [] };
    if (parent) {
      parent.spans.push(node);
      return { ...parent, spans: node.children };
    }
    const root: Root = { node, holdsRun: false };
    this.#roots.push(root);
    return { root, spans: node.children };
  }

  #runAbove(span: ReceivedSpan, parent: Place | undefined): RunDraft {
    if (parent?.run) return parent.run;
    const id = span.parentSpanId ?? span.spanId;
    const run = this.#unseenRuns.get(id) ?? this.#newRun();
    this.#unseenRuns.set(id, run);
    return run;
  }

  /** Finds the run of steps whose group did not arrive: the one whose plan has them, else the only one, else one of their own. */
  #adopt(steps: readonly StepDraft[]): void {
    const candidates = steps.some(({ groupIndex }) => groupIndex !== undefined) ? this.#runs : [];
    const fitting = candidates.find((run) => steps.every(({ toolId }) => run.declares(toolId)));
    const run = fitting ?? (candidates.length === 1 ? candidates[0] : undefined) ?? this.#newRun();
    for (const step of steps) run.steps.push(step);
  }

  /** Keeps spans of others whose parent did not arrive, if a run is there that may be theirs. */
  #addStrays(): void {
    const strays = this.#roots.filter(({ node, holdsRun }) => node.span.parentSpanId !== undefined && !holdsRun);
    if (strays.length === 0) return;
    for (const { node } of strays) this.#runs[0]?.spans.push(node);
    this.#note(`the parent of ${count(strays.length, 'span')} did not arrive`);
  }

  #note(note: string): void {
    this.#runs[0]?.notes.push(note);
  }

  #newRun(span?: ReceivedSpan, caller?: StepDraft): RunDraft {
    const run = new RunDraft(this.#traceId, span, caller);
    this.#runs.push(run);
    return run;
  }

  /** Inner runs first: they were found after those that hold them. */
  #assemble(): Run[] {
    const outermost: Run[] = [];
    for (const draft of this.#runs.toReversed()) {
      const siblings = draft.caller?.runs ?? outermost;
      siblings.unshift(assembleRun(draft));
    }
    return outermost;
  }
}

function groupKey({ groupIndex, span }: StepDraft): string {
  return groupIndex === undefined ? '' : (span?.parentSpanId ?? '');
}
