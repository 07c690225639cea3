import { type Change, changeMs } from './change.ts';
import { ran } from '../facts.ts';
import type { MeasuredRun } from './measure-run.ts';
import { nameOf, type StepName } from '../step-name.ts';

/** A part of what a run took, before and after. */
export interface Share {
  /** One step, the same before and after; a stretch on which different steps decided; or the time after the last step. */
  readonly kind: 'step' | 'stretch' | 'end';
  /** The steps of it, in order. */
  readonly before: readonly StepName[];
  readonly after: readonly StepName[];
  /** In milliseconds. */
  readonly total: Change;
  /** Of one step: what passed between the end of all it waited for and its start; the rest is its own duration. */
  readonly gap: Change | undefined;
}

/** A step of the chain that decided how long a run took. */
interface Link extends StepName {
  readonly key: string;
  /** With what passed before its start. */
  readonly ns: number;
  readonly gapNs: number;
}

/**
 * Divides the change of a run's duration, exactly. What a run took is the sum, along the chain of steps that decided it (each the last that the
 * next one waited for), of each step's duration and of what passed before its start, and of the time after the last step. Where a step is on
 * the chain of both runs, in the same order, its change is its own. Between two such steps the chains may go different ways: the change
 * of such a stretch belongs to no single step. This is bookkeeping: it says where the time went, not what would have been otherwise.
 *
 * @returns in order of time; `before` adds up to what the run before took, `after` to what the run after took
 */
export function divideChange(before: MeasuredRun, after: MeasuredRun): Share[] {
  const [old, now] = [chainOf(before), chainOf(after)];
  const shares: Share[] = [];
  let [from, to] = [0, 0];
  const addStretch = (oldEnd: number, nowEnd: number): void => {
    if (from < oldEnd || to < nowEnd) shares.push(stretch(old.slice(from, oldEnd), now.slice(to, nowEnd)));
  };
  for (const [a, b] of commonSteps(old, now)) {
    addStretch(a, b);
    const [was, is] = [old[a]!, now[b]!];
    const names = { before: [nameOf(was)], after: [nameOf(is)] };
    shares.push({ kind: 'step', ...names, total: changeMs(was.ns, is.ns), gap: changeMs(was.gapNs, is.gapNs) });
    [from, to] = [a + 1, b + 1];
  }
  addStretch(old.length, now.length);
  const rest = changeMs(restOf(before, old), restOf(after, now));
  return [...shares, { kind: 'end', before: [], after: [], total: rest, gap: undefined }];
}

function chainOf({ analysis: { facts, graph, observed }, keys }: MeasuredRun): Link[] {
  return observed.path
    .filter((step) => ran(facts.steps[step]!))
    .map((step) => {
      const { toolId, iteration } = facts.steps[step]!;
      const gapNs = observed.gapBefore(step);
      return { toolId, iteration, key: keys[step]!, ns: gapNs + graph.duration[step]!, gapNs };
    });
}

function restOf({ analysis: { facts } }: MeasuredRun, chain: readonly Link[]): number {
  return chain.reduce((rest, { ns }) => rest - ns, facts.durationNs);
}

function stretch(before: readonly Link[], after: readonly Link[]): Share {
  const [old, now] = [before, after].map((links) => links.reduce((sum, { ns }) => sum + ns, 0)) as [number, number];
  const names = { before: before.map(nameOf), after: after.map(nameOf) };
  return { kind: 'stretch', ...names, total: changeMs(old, now), gap: undefined };
}

/**
 * The places of steps that both chains have, in the same order. Where the orders differ, only what comes before and after that counts: of
 * several orders none is the right one.
 */
function commonSteps(old: readonly Link[], now: readonly Link[]): (readonly [number, number])[] {
  const [oldKeys, nowKeys] = [old, now].map((links) => new Set(links.map(({ key }) => key)));
  const a = [...old.keys()].filter((place) => nowKeys!.has(old[place]!.key));
  const b = [...now.keys()].filter((place) => oldKeys!.has(now[place]!.key));
  const isSame = (place: number): boolean => old[a[place]!]!.key === now[b[place]!]!.key;
  let head = 0;
  while (head < a.length && isSame(head)) head += 1;
  let tail = a.length;
  while (tail > head && isSame(tail - 1)) tail -= 1;
  return a.flatMap((place, at) => (at < head || at >= tail ? [[place, b[at]!] as const] : []));
}
