import { ATTR_ORCHESTRATION_GROUP_INDEX, ATTR_ORCHESTRATION_SPAN_TYPE } from '../../semconv.ts';
import { Adoption } from './adopt-steps.ts';
import { assembleRun, attemptOf, RunDraft, type SpanDraft, type StepDraft, stepOf } from './assemble-run.ts';
import { ClockFaults } from './clock-faults.ts';
import { count } from '../format.ts';
import { findLostSteps, type LostStep } from './lost-steps.ts';
import { integerAt, textAt } from './read-attributes.ts';
import type { ReceivedSpan } from './received-span.ts';
import type { Run, SpanNode } from './run.ts';
import { buildSpanTree } from './span-tree.ts';

/** All that arrived, each span once: in a run, or outside. */
export interface TraceView {
  /** The outermost runs, by start; steps outside any run become one run of their trace, without a plan. */
  readonly runs: readonly Run[];
  /** What belongs to no run, by trace, then start: what called runs, what that did besides, and traces without any. */
  readonly foreign: readonly SpanNode[];
  /** What is odd outside the runs, and what is missing where there is no run at all, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads spans of any producer that uses the names of `semconv.ts`, in any order, of one trace or many, complete or not. Planned tools
 * without a span are steps without one. Never throws and never hangs, whatever the spans say. Of a span that came more than once, one
 * counts.
 */
export function readTrace(spans: readonly ReceivedSpan[]): TraceView {
  const traces = Map.groupBy(spans, ({ traceId }) => traceId);
  const byId = [...traces].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const views = byId.map(([traceId, ofTrace]) => new TraceReader(traceId).read(ofTrace));
  const runs = views.flatMap((view) => view.runs);
  const missing = runs.length === 0 && spans.length > 0 ? [whatIsMissing(spans)] : [];
  return {
    runs: runs.toSorted((a, b) => (a.startNs === b.startNs ? 0 : a.startNs < b.startNs ? -1 : 1)),
    foreign: views.flatMap((view) => view.foreign),
    notes: [...missing, ...views.flatMap((view) => view.notes)],
  };
}

/** Why spans hold no run. */
function whatIsMissing(spans: readonly ReceivedSpan[]): string {
  const ours = spans.filter(({ attributes }) => attributes.has(ATTR_ORCHESTRATION_SPAN_TYPE)).length;
  return ours === 0
    ? `none of ${count(spans.length, 'span')} has ${ATTR_ORCHESTRATION_SPAN_TYPE}: wrap the executor that is to be seen as a run, see the README`
    : `${ours} of ${count(spans.length, 'span')} with ${ATTR_ORCHESTRATION_SPAN_TYPE}, but no run, plan, group or step among them: they did not arrive`;
}

/** Where a span was put: what its children need to know. */
interface Place {
  readonly run?: RunDraft | undefined;
  readonly groupIndex?: number | undefined;
  readonly step?: StepDraft | undefined;
  /** Whether the step is below no run, or below such a one. */
  readonly isOrphaned?: boolean | undefined;
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
  /** Runs that are below steps which are looking for a run themselves. */
  readonly #orphanedRuns = new Set<RunDraft>();
  /** Runs whose own span did not arrive, by the id that it has. */
  readonly #unseenRuns = new Map<string, RunDraft>();
  /** Steps whose run is not above them, by what tells which of them belong together. */
  readonly #orphans = new Map<string, StepDraft[]>();
  /** Steps that others depend on and whose span did not arrive, by its id. */
  #lostSteps: ReadonlyMap<string, LostStep> = new Map();
  /** Of those, the ones that have a parent above them which did not arrive. */
  readonly #detached = new Set<StepDraft>();
  readonly #roots: Root[] = [];
  readonly #notes: string[] = [];

  constructor(traceId: string) {
    this.#traceId = traceId;
  }

  read(spans: readonly ReceivedSpan[]): TraceView {
    const tree = buildSpanTree(spans);
    const places = new Map<ReceivedSpan, Place>();
    this.#lostSteps = findLostSteps(tree);
    for (const span of tree.spans) {
      const parent = tree.parents.get(span);
      places.set(span, this.#place(span, parent ? places.get(parent) : this.#lostPlaceOf(span)));
    }
    this.#adopt(places);
    const foreign = this.#divideRoots(tree.cut);
    this.#noteClocks(tree.spans, tree.parents, places);
    if (tree.duplicates > 0) this.#note(duplicatesNote(tree.duplicates, tree.conflicts));
    if (tree.cut.size > 0) this.#note(`${count(tree.cut.size, 'cycle')} of parents cut`);
    return { runs: this.#assemble(), foreign, notes: this.#notes };
  }

  /** Below a step of which nothing but its id and its tool is known. */
  #lostPlaceOf({ parentSpanId }: ReceivedSpan): Place | undefined {
    const step = this.#lostSteps.get(parentSpanId ?? '')?.step;
    return step && { step, isOrphaned: true, spans: step.spans };
  }

  #place(span: ReceivedSpan, parent: Place | undefined): Place {
    switch (textAt(span.attributes, ATTR_ORCHESTRATION_SPAN_TYPE)) {
      case 'run': {
        if (parent?.root) parent.root.holdsRun = true;
        const run = this.#newRun(span, parent?.step);
        if (parent?.isOrphaned || (parent?.run && this.#orphanedRuns.has(parent.run))) this.#orphanedRuns.add(run);
        return { run, spans: run.spans };
      }
      case 'plan': {
        const run = this.#runAbove(span, parent);
        run.planSpans.push(span);
        return { run, spans: run.spans };
      }
      case 'group': {
        const run = this.#runAbove(span, parent);
        const groupIndex = integerAt(span.attributes, ATTR_ORCHESTRATION_GROUP_INDEX);
        // One that does not say which it is, is just a span.
        if (groupIndex === undefined) return this.#placeForeign(span, parent ?? { run, spans: run.spans });
        run.groupSpans.push(span);
        return { run, groupIndex, spans: run.spans };
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
    else {
      if (!this.#orphans.get(orphanKey(step, parent))?.push(step)) this.#orphans.set(orphanKey(step, parent), [step]);
      if ((parent?.root?.node.span ?? span).parentSpanId !== undefined) this.#detached.add(step);
    }
    const isOrphaned = parent?.step ? parent.isOrphaned : !parent?.run;
    return { run: parent?.run, step, isOrphaned, spans: step.spans };
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

  /** Finds runs for steps that are below none; those that nothing tells of any become one of their own. */
  #adopt(places: ReadonlyMap<ReceivedSpan, Place>): void {
    if (this.#orphans.size === 0 && this.#lostSteps.size === 0) return;
    const adoption = new Adoption(this.#runs.filter((run) => !this.#orphanedRuns.has(run)));
    for (const steps of this.#orphans.values()) {
      const isOfRun = steps.some(({ groupIndex, isPlanned }) => groupIndex !== undefined || !isPlanned);
      if (isOfRun && adoption.adopt(steps)) continue;
      const run = this.#newRun();
      run.isDetached = steps.some((step) => this.#detached.has(step));
      adoption.put(steps, run);
    }
    for (const { step, linkedFrom } of this.#lostSteps.values()) {
      const run = places.get(linkedFrom)?.run ?? adoption.runOf(linkedFrom.spanId);
      (run && !this.#orphanedRuns.has(run) ? run : this.#newRun()).lostSteps.push(step);
    }
  }

  /** Gives a run the spans of others whose parent did not arrive, and which may be its own; the others are foreign. */
  #divideRoots(cut: ReadonlySet<ReceivedSpan>): SpanNode[] {
    const strays = this.#roots.filter(isStray);
    const lost = strays.filter(({ node }) => !cut.has(node.span)).length;
    if (lost > 0) this.#note(`the parent of ${count(lost, 'span')} did not arrive`);
    const first = this.#outermost;
    if (!first) return this.#roots.map(({ node }) => node);
    for (const { node } of strays) first.spans.push(node);
    return this.#roots.filter((root) => !isStray(root)).map(({ node }) => node);
  }

  #noteClocks(
    spans: readonly ReceivedSpan[],
    parents: ReadonlyMap<ReceivedSpan, ReceivedSpan>,
    places: ReadonlyMap<ReceivedSpan, Place>,
  ): void {
    const faults = new Map<RunDraft | undefined, ClockFaults>();
    for (const span of spans) {
      const run = places.get(span)?.run;
      let ofRun = faults.get(run);
      if (!ofRun) faults.set(run, (ofRun = new ClockFaults(run?.span)));
      ofRun.look(span, parents.get(span));
    }
    for (const [run, { notes }] of faults) (run?.notes ?? this.#notes).push(...notes);
  }

  #note(note: string): void {
    (this.#outermost?.notes ?? this.#notes).push(note);
  }

  /** The first run that no step of the trace has started: what may be any run's is this one's. */
  get #outermost(): RunDraft | undefined {
    return this.#runs.find(({ caller }) => caller === undefined);
  }

  #newRun(span?: ReceivedSpan, caller?: StepDraft): RunDraft {
    const run = new RunDraft(this.#traceId, span, caller);
    this.#runs.push(run);
    return run;
  }

  /** Runs within a run hang on its steps: the order in which they are assembled does not matter. */
  #assemble(): Run[] {
    const outermost: Run[] = [];
    for (const draft of this.#runs) (draft.caller?.runs ?? outermost).push(assembleRun(draft));
    return outermost;
  }
}

function isStray({ node, holdsRun }: Root): boolean {
  return node.span.parentSpanId !== undefined && !holdsRun;
}

function duplicatesNote(duplicates: number, conflicts: number): string {
  const differing =
    conflicts > 0 ? `, ${conflicts} of them with other times or names: the one that ended last counts` : '';
  return `${count(duplicates, 'span')} came more than once${differing}`;
}

/** Steps of a group, or of a caller, belong together, though that did not arrive; those outside any run do anyway. */
function orphanKey({ groupIndex, isPlanned, span }: StepDraft, parent: Place | undefined): string {
  const isLoose = groupIndex === undefined && (isPlanned || parent !== undefined);
  return isLoose ? '' : (span?.parentSpanId ?? '');
}
