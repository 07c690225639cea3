import { explainRun } from '../../explain/explain-run.ts';
import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import { reconstruct } from '../../explain/read/reconstruct.ts';
import type { Run } from '../../explain/read/run.ts';
import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import { STATES } from '../../inspector/scene/step-states.ts';
import { isRunSpan } from '../../inspector/summarize-runs.ts';
import type { RunView } from '../../inspector/view/run-view.ts';
import { sayFault } from '../say-fault.ts';
import { escapeText } from '../terminal-text.ts';

/** A sender that got no answer sends again: of so many runs it is known that they were told. */
const MAX_TOLD = 1_000;
/** Without news of a trace for so long, all of it is likely to be there: several processes may send it, each when it likes. */
const QUIET_MS = 1_000;
/** So long at most: a trace that goes on and on is told as far as it is there. */
const MAX_DELAY_MS = 10_000;

/** Runs of a trace that are to be told. */
interface Pending {
  readonly spanIds: Set<string>;
  readonly timer: NodeJS.Timeout;
  readonly latest: NodeJS.Timeout;
}

/**
 * Tells of each run, once, when its own span has arrived and no more came of its trace for a second, ten seconds after it at the latest; at the end, of the rest. Runs inside
 * another are part of that one.
 */
export class RunAnnouncer implements Disposable {
  readonly #traceOf: (traceId: string) => readonly ReceivedSpan[];
  readonly #say: (line: string) => void;
  readonly #told = new Set<string>();
  readonly #pending = new Map<string, Pending>();

  /** @param traceOf gives all spans of a trace that have arrived */
  constructor(traceOf: (traceId: string) => readonly ReceivedSpan[], say: (line: string) => void) {
    this.#traceOf = traceOf;
    this.#say = say;
  }

  /** Notes what came. Nothing is read or told before there is time for it. */
  take(spans: readonly ReceivedSpan[]): void {
    for (const traceId of new Set(spans.map((span) => span.traceId))) this.#pending.get(traceId)?.timer.refresh();
    for (const span of spans) if (isRunSpan(span) && this.#isNew(span)) this.#pend(span);
  }

  [Symbol.dispose](): void {
    for (const traceId of this.#pending.keys()) this.#announce(traceId);
  }

  #pend({ traceId, spanId }: ReceivedSpan): void {
    const pending = this.#pending.get(traceId) ?? {
      spanIds: new Set(),
      timer: setTimeout(() => this.#announce(traceId), QUIET_MS).unref(),
      latest: setTimeout(() => this.#announce(traceId), MAX_DELAY_MS).unref(),
    };
    this.#pending.set(traceId, pending);
    pending.spanIds.add(spanId);
  }

  /** Nobody waits for it: what goes wrong is said here. */
  #announce(traceId: string): void {
    const pending = this.#pending.get(traceId);
    if (!pending) return;
    clearTimeout(pending.timer);
    clearTimeout(pending.latest);
    this.#pending.delete(traceId);
    try {
      for (const run of reconstruct(this.#traceOf(traceId)))
        if (run.span && pending.spanIds.has(run.span.spanId)) this.#say(describe(run));
    } catch (error) {
      sayFault(error);
    }
  }

  #isNew({ traceId, spanId }: ReceivedSpan): boolean {
    const id = traceId + spanId;
    if (this.#told.has(id)) return false;
    this.#told.add(id);
    const [oldest] = this.#told;
    if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }
}

function describe(run: Run): string {
  const [mark] = OUTCOMES[run.outcome ?? 'unknown'];
  return lineOf({ ...run, verdict: explainRun(run).verdict }, mark, Number(run.endNs / 1_000_000n));
}

/** The line for a run whose process died. */
export function describeInterrupted(run: RunView): string {
  return lineOf(run, STATES.interrupted.mark, run.startedAtMs + run.durationMs);
}

function lineOf(run: Pick<RunView, 'planName' | 'verdict' | 'traceId'>, mark: string, endMs: number): string {
  const time = new Date(endMs).toTimeString().slice(0, 8);
  return escapeText(`${time} ${mark} ${run.planName ?? 'unnamed run'}: ${run.verdict} trace ${run.traceId}`);
}
