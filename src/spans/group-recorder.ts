import { SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';
import { isFailing } from '../explain/failures.ts';
import type { Outcome } from '../semconv.ts';
import { safely } from './guard.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { endSpan, setAttributes, timeOf, type Telemetry } from './telemetry.ts';

/** What is known of a group when it opens. */
export interface GroupStart {
  readonly index: number;
  /** Ids of its tools; undefined for a group that no plan declares, whose tools are those that come. */
  readonly toolIds?: readonly string[];
  readonly dependencyGroups?: readonly number[];
  readonly strategy: string | undefined;
}

/** One group span: opens with its first step, ends when its steps have. */
export class GroupRecorder {
  readonly index: number;
  readonly span: Span;
  /** The context of the run with this group's span. */
  readonly context: Context;
  /** Number of steps that began in it, which is the `execution_order` of the next in a group without a plan. */
  started = 0;
  running = 0;
  /** Number of steps that failed and may be tried again: they keep the group from ending, and take nothing in. */
  resting = 0;
  /** Stays open although no step runs: somebody opened it by hand and has not let go. */
  held = false;
  /** One of its tools was handed to another process, where its end is not seen: it lasts as long as the run. */
  isLent = false;
  #lastEnded: Span | undefined;
  #ended = false;
  readonly #declared: boolean;
  readonly #arrived: string[] = [];
  readonly #outcomes = new Set<Outcome>();
  #lastOutcome: Outcome | undefined;
  readonly #failed: string[] = [];
  readonly #telemetry: Telemetry;

  private constructor(telemetry: Telemetry, index: number, declared: boolean, span: Span, parent: Context) {
    this.#telemetry = telemetry;
    this.index = index;
    this.#declared = declared;
    this.span = span;
    this.context = trace.setSpan(parent, span);
  }

  /** Opens a group; its parent is the context of the run. */
  static open(telemetry: Telemetry, start: GroupStart, parent: Context): GroupRecorder {
    const { write, options } = telemetry;
    const parallel = (start.toolIds?.length ?? 0) > 1;
    const attributes: KnownAttributes = {
      'orchestration.span.type': 'group',
      'orchestration.group_index': start.index,
    };
    if (start.strategy !== undefined) attributes['orchestration.strategy'] = start.strategy;
    if (start.toolIds) {
      attributes['orchestration.parallel_execution'] = parallel;
      attributes['orchestration.tool_ids'] = write.namesWithin(start.toolIds);
      attributes['orchestration.dependency_groups'] = start.dependencyGroups;
    }
    if (options.conventions.includes('openinference')) attributes['openinference.span.kind'] = 'CHAIN';
    const span = telemetry.startSpan('group', groupName(start.index, parallel), attributes, parent);
    return new GroupRecorder(telemetry, start.index, start.toolIds !== undefined, span, parent);
  }

  /** The group of a run that another process leads: its span is ended there. */
  static remote(telemetry: Telemetry, index: number, parent: Context): GroupRecorder {
    return new GroupRecorder(telemetry, index, true, trace.wrapSpanContext(trace.getSpanContext(parent)!), parent);
  }

  get isOpen(): boolean {
    return !this.#ended;
  }

  /** Whether a step that comes now overlaps what is in the group. */
  get isJoinable(): boolean {
    return this.isOpen && (this.running > 0 || this.resting === 0);
  }

  get isQuiet(): boolean {
    return this.running + this.resting === 0 && !this.held && !this.isLent;
  }

  enter(toolId: string): void {
    this.started++;
    this.running++;
    if (!this.#declared) this.#arrived.push(toolId);
  }

  /** A step failed and may be tried again. */
  rest(): void {
    this.running--;
    this.resting++;
  }

  /** A step is tried again, or is not to be any more. */
  resume(): void {
    this.resting--;
    this.running++;
  }

  leave(toolId: string, span: Span | undefined, outcome: Outcome): void {
    this.running--;
    if (span && !endedBefore(span, this.#lastEnded)) this.#lastEnded = span;
    if (outcome !== this.#lastOutcome) this.#outcomes.add((this.#lastOutcome = outcome));
    if (isFailing(outcome)) this.#failed.push(toolId);
  }

  /** Ends the group: now if a step still runs or nobody says when the last one ended, else with that one. Once. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.span.isRecording()) {
      const attributes: KnownAttributes = {};
      if (!this.isLent || this.#outcomes.size > 0) attributes['orchestration.outcome'] = this.#outcome();
      if (!this.#declared) this.#describeArrived(attributes);
      setAttributes(this.span, attributes);
      if (this.#failed.length > 0) this.#setFailed();
    }
    endSpan(this.span, this.running > 0 || this.isLent ? undefined : timeOf(this.#lastEnded, 'endTime'));
  }

  #describeArrived(attributes: KnownAttributes): void {
    const parallel = this.#arrived.length > 1;
    attributes['orchestration.parallel_execution'] = parallel;
    attributes['orchestration.tool_ids'] = this.#telemetry.write.namesWithin(this.#arrived);
    if (parallel && !this.#telemetry.options.spanName) {
      safely('rename a group', () => this.span.updateName(groupName(this.index, true)));
    }
  }

  #setFailed(): void {
    const message = this.#telemetry.write.text(`failed: ${this.#failed.slice(0, 10).join(', ')}`);
    safely('mark a group as failed', () => this.span.setStatus({ code: SpanStatusCode.ERROR, message }));
  }

  #outcome(): Outcome {
    if (this.#failed.length > 0) return 'failure';
    if (this.#outcomes.has('cancellation') || this.running > 0) return 'cancellation';
    return this.#outcomes.has('success') || this.#outcomes.size === 0 ? 'success' : 'skip';
  }
}

/** Whether a span ended before another by their own times, which need not be the order of the calls: each starts on a whole millisecond. */
function endedBefore(span: Span, other: Span | undefined): boolean {
  const time = timeOf(span, 'endTime');
  const otherTime = timeOf(other, 'endTime');
  if (!Array.isArray(time) || !Array.isArray(otherTime)) return false;
  return time[0] < otherTime[0] || (time[0] === otherTime[0] && time[1] < otherTime[1]);
}

function groupName(index: number, parallel: boolean): string {
  return `group ${index} ${parallel ? 'parallel' : 'serial'}`;
}
