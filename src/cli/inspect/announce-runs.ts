import { explainRun } from '../../explain/explain-run.ts';
import type { ReceivedSpan } from '../../explain/received-span.ts';
import { reconstruct } from '../../explain/reconstruct.ts';
import { isRunSpan } from '../../inspector/summarize-runs.ts';
import { OUTCOMES } from '../outcomes.ts';
import { escapeText } from '../terminal-text.ts';

/** A sender that got no answer sends again: of so many runs it is known that they were told. */
const MAX_TOLD = 1_000;

/** Tells of each run, once, when its own span arrives. Runs inside another are part of that one. */
export class RunAnnouncer {
  readonly #traceOf: (traceId: string) => readonly ReceivedSpan[];
  readonly #say: (line: string) => void;
  readonly #told = new Set<string>();

  /** @param traceOf gives all spans of a trace that have arrived */
  constructor(traceOf: (traceId: string) => readonly ReceivedSpan[], say: (line: string) => void) {
    this.#traceOf = traceOf;
    this.#say = say;
  }

  take(spans: readonly ReceivedSpan[]): void {
    const runSpans = spans.filter(isRunSpan).filter((span) => this.#isNew(span));
    for (const traceId of new Set(runSpans.map((span) => span.traceId))) {
      const ids = new Set(runSpans.map(({ spanId }) => spanId));
      for (const run of reconstruct(this.#traceOf(traceId))) {
        if (!run.span || !ids.has(run.span.spanId)) continue;
        const [mark] = OUTCOMES[run.outcome ?? 'unknown'];
        const name = run.planName ?? 'unnamed run';
        const time = new Date(Number(run.endNs / 1_000_000n)).toTimeString().slice(0, 8);
        this.#say(escapeText(`${time} ${mark} ${name}: ${explainRun(run).verdict} trace ${traceId}`));
      }
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
