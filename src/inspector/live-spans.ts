import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { OUTER_SPAN_TYPES } from '../live-protocol.ts';
import { ATTR_ORCHESTRATION_SPAN_TYPE } from '../semconv.ts';
import { estimateAttributes, estimateSpan } from './estimate-bytes.ts';
import { SilenceWatch } from './silence-watch.ts';

/** A span that started and has not ended. */
export interface OpenSpan {
  /** As it was soon after its start; `endNs` is 0. */
  readonly span: ReceivedSpan;
  /** Whether its process died: then it will not end. */
  readonly isInterrupted: boolean;
  /** When its process was seen to be dead, by this machine's clock; absent while it lives. */
  readonly interruptedAtNs?: bigint;
  /** When its process was last heard of, where it should have been since; see {@link SilenceWatch}. */
  readonly silentSinceNs?: bigint;
}

/** A connection of a process, held open for as long as it lives. */
export interface LiveConnection {
  /** Ends it from this side. */
  hangUp(): void;
}

/** Most that is kept at a time. */
export interface LiveLimits {
  /** Processes that are connected. Default 100. */
  readonly maxProcesses: number;
  /** Default 50,000. */
  readonly maxSpans: number;
  /** Estimate of what the spans take. Default 64 MiB. */
  readonly maxBytes: number;
}

const DEFAULT_LIMITS: LiveLimits = { maxProcesses: 100, maxSpans: 50_000, maxBytes: 64 * 1024 * 1024 };
/** How many ends are remembered, for a start that they overtook. */
const MAX_REMEMBERED_ENDS = 20_000;

/**
 * What is open at the moment, as processes tell it (see `live-protocol.ts`). In memory and bounded: steps and attempts go first, then groups and
 * runs, of each those that are known longest, dead processes' among them. An interrupted span stays until then, or until its end arrives after all.
 */
export class LiveSpans implements Disposable {
  /** Told the ids of traces in which something changed. */
  onChange: (traceIds: ReadonlySet<string>) => void = () => {};
  /** Told the ids of traces in which something was open when its process died. */
  onDeath: (traceIds: ReadonlySet<string>) => void = () => {};
  readonly #limits: LiveLimits;
  /** Connected ones, and dead ones that left something open. */
  readonly #processes = new Map<string, LiveProcess>();
  /** By trace and span id, in the order in which they were told. */
  readonly #spans = new Map<string, KnownSpan>();
  readonly #traces = new Map<string, Set<KnownSpan>>();
  readonly #ends = new Set<string>();
  readonly #silence = new SilenceWatch((processId) => {
    this.#tell(tracesOf(this.#processes.get(processId)?.spans ?? new Set()));
  });
  #bytes = 0;

  constructor(limits: Partial<LiveLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /**
   * A process connects, or connects again: then nothing of it was interrupted.
   *
   * @param beatMs how often it promises to be heard of
   * @returns false when too many are connected
   */
  open(processId: string, connection: LiveConnection, beatMs?: number): boolean {
    const known = this.#processes.get(processId);
    if (!known?.connections.size && this.#countConnected() >= this.#limits.maxProcesses) return false;
    const process = known ?? { connections: new Set(), spans: new Set(), diedAtNs: undefined };
    this.#processes.set(processId, process);
    process.connections.add(connection);
    if (beatMs !== undefined) this.#silence.expect(processId, beatMs);
    const wasDead = process.diedAtNs !== undefined;
    process.diedAtNs = undefined;
    if (wasDead) this.#tell(tracesOf(process.spans));
    return true;
  }

  /** A connection of a process ended. With its last one it died, unless it said goodbye before. */
  close(processId: string, connection: LiveConnection): void {
    const process = this.#processes.get(processId);
    if (!process?.connections.delete(connection) || process.connections.size > 0) return;
    process.diedAtNs = nanoseconds(Date.now());
    this.#silence.forget(processId);
    this.#forgetIfIdle(process, processId);
    const changed = tracesOf(process.spans);
    this.#tell(changed);
    if (changed.size > 0) this.onDeath(changed);
  }

  /** A process says goodbye: what becomes of its open spans will not be told. */
  leave(processId: string): void {
    const process = this.#processes.get(processId);
    if (!process) return;
    this.#processes.delete(processId);
    this.#silence.forget(processId);
    const changed = tracesOf(process.spans);
    for (const known of process.spans) this.#remove(known);
    this.#tell(changed);
  }

  /**
   * Spans of a process started. Those that are known or have ended already change nothing.
   *
   * @returns false when the process is not known: then it has to connect first
   */
  start(processId: string, spans: readonly ReceivedSpan[]): boolean {
    const process = this.#processes.get(processId);
    if (!process) return false;
    this.#silence.heard(processId);
    const changed = new Set<string>();
    const resources = new Set<ReceivedSpan['resource']>();
    for (const span of spans) {
      const key = keyOf(span);
      if (this.#spans.has(key) || this.#ends.has(key)) continue;
      // Spans of one request share their resource: it counts with the first of them.
      const bytes = estimateSpan(span) + (resources.has(span.resource) ? 0 : estimateAttributes(span.resource));
      resources.add(span.resource);
      this.#add({ key, span: { ...span, endNs: 0n }, processId, process, bytes });
      changed.add(span.traceId);
    }
    for (const { traceId } of this.#makeRoom()) changed.add(traceId);
    this.#tell(changed);
    return true;
  }

  /** Spans arrived over OTLP: they have ended, whoever sent them. */
  end(spans: readonly ReceivedSpan[]): void {
    if (this.#processes.size === 0) return;
    const changed = new Set<string>();
    for (const span of spans) {
      if (span.endNs === 0n) continue;
      const key = keyOf(span);
      const known = this.#spans.get(key);
      if (known) {
        this.#remove(known);
        changed.add(span.traceId);
      }
      if (span.attributes.has(ATTR_ORCHESTRATION_SPAN_TYPE)) this.#rememberEnd(key);
    }
    this.#tell(changed);
  }

  /** What is open in a trace, in the order in which it was told. What a store has of the same id has ended, and counts. */
  openSpans(traceId: string): readonly OpenSpan[] {
    return Array.from(this.#traces.get(traceId) ?? [], ({ span, processId, process: { diedAtNs } }) => {
      const silentSinceMs = this.#silence.silentSinceMs(processId);
      return {
        span,
        isInterrupted: diedAtNs !== undefined,
        ...(diedAtNs !== undefined && { interruptedAtNs: diedAtNs }),
        ...(silentSinceMs !== undefined && { silentSinceNs: nanoseconds(silentSinceMs) }),
      };
    });
  }

  /** Forgets what is open in a trace. Gives whether there was anything. */
  forget(traceId: string): boolean {
    const ofTrace = [...(this.#traces.get(traceId) ?? [])];
    for (const known of ofTrace) this.#remove(known);
    if (ofTrace.length > 0) this.#tell(new Set([traceId]));
    return ofTrace.length > 0;
  }

  /** The ids of traces in which something is open, interrupted or not. */
  traces(): readonly string[] {
    return [...this.#traces.keys()];
  }

  /** Hangs up on every process, so that a server can close, and forgets everything. */
  [Symbol.dispose](): void {
    const processes = [...this.#processes.values()];
    this.#processes.clear();
    this.#spans.clear();
    this.#traces.clear();
    this.#ends.clear();
    this.#bytes = 0;
    this.#silence[Symbol.dispose]();
    for (const { connections } of processes) for (const connection of connections) connection.hangUp();
  }

  #countConnected(): number {
    return [...this.#processes.values()].filter(({ connections }) => connections.size > 0).length;
  }

  /** Gives what had to go. */
  #makeRoom(): ReceivedSpan[] {
    const gone: ReceivedSpan[] = [];
    for (const isOuter of [false, true])
      for (const known of this.#spans.values()) {
        if (this.#spans.size <= this.#limits.maxSpans && this.#bytes <= this.#limits.maxBytes) return gone;
        if (OUTER_SPAN_TYPES.has(known.span.attributes.get(ATTR_ORCHESTRATION_SPAN_TYPE)) !== isOuter) continue;
        this.#remove(known);
        gone.push(known.span);
      }
    return gone;
  }

  #add(known: KnownSpan): void {
    this.#spans.set(known.key, known);
    this.#bytes += known.bytes;
    known.process.spans.add(known);
    const { traceId } = known.span;
    this.#traces.set(traceId, (this.#traces.get(traceId) ?? new Set()).add(known));
  }

  #remove(known: KnownSpan): void {
    this.#spans.delete(known.key);
    this.#bytes -= known.bytes;
    known.process.spans.delete(known);
    this.#forgetIfIdle(known.process, known.processId);
    const ofTrace = this.#traces.get(known.span.traceId);
    ofTrace?.delete(known);
    if (ofTrace?.size === 0) this.#traces.delete(known.span.traceId);
  }

  #forgetIfIdle({ connections, spans }: LiveProcess, processId: string): void {
    if (connections.size === 0 && spans.size === 0) this.#processes.delete(processId);
  }

  #rememberEnd(key: string): void {
    this.#ends.add(key);
    for (const oldest of this.#ends) {
      if (this.#ends.size <= MAX_REMEMBERED_ENDS) break;
      this.#ends.delete(oldest);
    }
  }

  #tell(traceIds: ReadonlySet<string>): void {
    if (traceIds.size > 0) this.onChange(traceIds);
  }
}

interface LiveProcess {
  readonly connections: Set<LiveConnection>;
  readonly spans: Set<KnownSpan>;
  /** Undefined while it lives. */
  diedAtNs: bigint | undefined;
}

interface KnownSpan {
  readonly key: string;
  readonly span: ReceivedSpan;
  readonly processId: string;
  readonly process: LiveProcess;
  readonly bytes: number;
}

function nanoseconds(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}

function keyOf({ traceId, spanId }: ReceivedSpan): string {
  return traceId + spanId;
}

function tracesOf(spans: ReadonlySet<KnownSpan>): Set<string> {
  return new Set(Array.from(spans, ({ span }) => span.traceId));
}
