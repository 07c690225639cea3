import { count, formatNs, Wording } from '../format.ts';
import type { ReceivedSpan } from './received-span.ts';

/** Spans start on whole milliseconds, and end by another clock than they start: up to this, nothing is wrong. */
const TOLERANCE_NS = 5_000_000n;

/** Times that cannot be, or of which two clocks do not agree; of each kind the worst. */
export class ClockFaults {
  /** The run that the spans are of. */
  readonly #run: ReceivedSpan | undefined;
  readonly #found = new Map<string, { worst: ReceivedSpan; byNs: bigint; spans: number }>();
  #withoutTimes = 0;

  constructor(run: ReceivedSpan | undefined) {
    this.#run = run;
  }

  look(span: ReceivedSpan, parent: ReceivedSpan | undefined): void {
    const { startNs, endNs } = span;
    if (startNs === 0n || endNs === 0n) {
      this.#withoutTimes += 1;
      return;
    }
    if (endNs < startNs) this.#add('ends # before it starts', span, startNs - endNs, 0n);
    const runEndNs = this.#run && span !== this.#run ? this.#run.endNs : 0n;
    if (runEndNs > 0n && startNs - runEndNs > TOLERANCE_NS) {
      this.#add('starts # after the run ended', span, startNs - runEndNs);
    } else if (parent && parent.startNs > 0n && parent.endNs > 0n) {
      this.#add('starts # before the span that it is in', span, parent.startNs - startNs);
      this.#add('ends # after the span that it is in', span, endNs - parent.endNs);
    }
  }

  /** A sentence for each kind. */
  get notes(): string[] {
    const say = new Wording();
    const notes = [...this.#found].map(([what, { worst, byNs, spans }]) => {
      const more = spans > 1 ? ` (and ${count(spans - 1, 'more such span')})` : '';
      return `${say.name(worst.name)} ${what.replace('#', formatNs(Number(byNs)))}${more}`;
    });
    if (this.#withoutTimes > 0) notes.push(`${count(this.#withoutTimes, 'span')} came without a start or an end`);
    return notes;
  }

  #add(what: string, span: ReceivedSpan, byNs: bigint, toleranceNs = TOLERANCE_NS): void {
    if (byNs <= toleranceNs) return;
    const known = this.#found.get(what);
    const isWorst = !known || byNs > known.byNs;
    this.#found.set(what, {
      worst: isWorst ? span : known.worst,
      byNs: isWorst ? byNs : known.byNs,
      spans: (known?.spans ?? 0) + 1,
    });
  }
}
