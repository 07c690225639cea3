import { changeMs, formatLonger, formatRatio } from '../explain/compare/change.ts';
import { type DifferenceKind, findDifferences } from '../explain/differences.ts';
import { isFailing } from '../explain/failures.ts';
import { findFaults } from '../explain/faults.ts';
import type { FaultKind } from '../explain/findings.ts';
import { formatNs, shorten, Wording } from '../explain/format.ts';
import { type MeasuredRun, measureRun, type Totals } from '../explain/compare/measure-run.ts';
import type { Reference } from '../explain/compare/reference.ts';
import type { Run } from '../explain/read/run.ts';
import { ATTR_ORCHESTRATION_PLAN_SOURCE } from '../semconv.ts';
import { suggest, usageError } from './command.ts';

/** One condition under which a command exits with 1. */
export type FailRule = WordRule | MeasureRule;

interface WordRule {
  readonly kind: 'word';
  /** As it was given. */
  readonly text: string;
  readonly word: FailWord;
}

interface MeasureRule {
  readonly kind: 'measure';
  readonly text: string;
  readonly measure: Measure;
  /** Of a rule for one step. */
  readonly toolId?: string;
  /** More than so much, or by so much more than what the run is held against. */
  readonly limit: { readonly ns: number } | { readonly moreNs: number } | { readonly morePercent: number };
}

type Measure = 'duration' | 'critical_path' | 'wait' | 'step';
type OutcomeWord = 'failure' | 'error' | 'timeout' | 'cancellation';
type FailWord = OutcomeWord | DifferenceKind | FaultKind | 'incomplete' | 'plan_changed';

/** What each word stands for: the outcome of the run or of a step, something that was found, or a rule of its own. */
const WORDS: Readonly<Record<FailWord, 'outcome' | 'difference' | 'fault' | 'own'>> = {
  failure: 'outcome',
  error: 'outcome',
  timeout: 'outcome',
  cancellation: 'outcome',
  incomplete: 'own',
  not_started: 'difference',
  no_span: 'difference',
  skipped: 'difference',
  extra: 'difference',
  early: 'difference',
  out_of_order: 'difference',
  retried: 'difference',
  repeated: 'difference',
  wider: 'difference',
  narrower: 'difference',
  broken_plan: 'fault',
  lost_spans: 'fault',
  plan_not_followed: 'fault',
  early_start: 'fault',
  outlived: 'fault',
  unresolved_mapping: 'fault',
  plan_changed: 'own',
};
const MEASURES = ['duration', 'critical_path', 'wait'] as const;
const UNIT_NS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, min: 60e9, h: 3600e9 };
const MAX_TEXTS = 3;

/** What the help of commands with `--fail-on` says of it. */
export const FAIL_ON_HELP: string = `--fail-on takes a list, separated by commas:
  failure            the run or a step of it failed, in whatever way; one way alone: error, timeout, cancellation
  incomplete         the end of the run, spans or the plan did not arrive
  not_started, no_span, skipped, extra, early, out_of_order, retried, repeated, wider, narrower
                     the run differs from its plan in this way
  broken_plan, lost_spans, plan_not_followed, early_start, outlived, unresolved_mapping
                     this is wrong with it
  duration>30s       the run took longer; so with critical_path, wait (of all its steps), step:ID (all its passes)
  duration>+20%, step:rank>+500ms, plan_changed
                     against another run: compare only`;

/**
 * Reads a list of rules such as `failure, duration>30s, step:rank>+50%`. An id with a comma in it is put into quotes: `step:"a,b">1s`.
 *
 * @param options.hasReference whether there is another run to hold it against; without, rules that need one are refused
 * @throws {OrchestraceError} code `USAGE_INVALID`: a rule that cannot be read; the message says what there is
 */
export function parseFailOn(text: string, { hasReference = false }: { hasReference?: boolean } = {}): FailRule[] {
  const items = text.split(COMMA_OUTSIDE_QUOTES).map((item) => item.trim());
  return items.map((item) => {
    if (item === '') throw usageError('--fail-on has an empty rule; give it a list such as failure,duration>30s');
    const rule = parseRule(item);
    if (needsReference(rule) && !hasReference)
      throw usageError(`--fail-on: ${item} needs another run: use orchestrace compare, with A and B or --baseline`);
    return rule;
  });
}

/** Whether it holds a run against another. */
export function needsReference(rule: FailRule): boolean {
  return rule.kind === 'word' ? rule.word === 'plan_changed' : !('ns' in rule.limit);
}

const COMMA_OUTSIDE_QUOTES = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;

function parseRule(item: string): FailRule {
  const sign = item.lastIndexOf('>');
  if (sign >= 0) return parseMeasure(item, item.slice(0, sign).trim(), item.slice(sign + 1).trim());
  if (/[<=]/.test(item)) throw usageError(`--fail-on: ${item} cannot be read: limits have >, such as duration>30s`);
  const words = Object.keys(WORDS);
  const word = words.find((word) => word === item);
  if (word !== undefined) return { kind: 'word', text: item, word: word as FailWord };
  if (item.startsWith('step:') || MEASURES.some((measure) => measure === item))
    throw usageError(`--fail-on: ${item} needs a limit, such as ${item}>30s`);
  throw usageError(`--fail-on: unknown word ${item}${suggest(item, [...words, ...MEASURES, 'step:ID'])}`);
}

function parseMeasure(text: string, name: string, value: string): MeasureRule {
  const toolId = /^step:(?:"([^"]*)"|(.*))$/s.exec(name)?.slice(1).join('');
  if (toolId !== undefined || name === 'step') {
    if (!toolId) throw usageError(`--fail-on: ${text} names no step: step:ID>${value}`);
    return { kind: 'measure', text, measure: 'step', toolId, limit: parseLimit(text, value) };
  }
  const measure = MEASURES.find((measure) => measure === name);
  if (measure) return { kind: 'measure', text, measure, limit: parseLimit(text, value) };
  if (Object.hasOwn(WORDS, name)) throw usageError(`--fail-on: ${name} has no limit: leave out >${value}`);
  throw usageError(`--fail-on: unknown measure ${name}${suggest(name, [...MEASURES, 'step:ID'])}`);
}

function parseLimit(text: string, value: string): MeasureRule['limit'] {
  const [, plus, digits, unit = ''] = /^(\+?)(\d+(?:\.\d+)?) ?(ms|s|min|h|%)$/.exec(value) ?? [];
  const number = Number(digits);
  if (digits === undefined || (unit === '%' && plus === ''))
    throw usageError(`--fail-on: the limit of ${text} must be like 500ms, 30s, 2min, +500ms or +20%, got ${value}`);
  if (unit === '%') return { morePercent: number };
  const ns = Math.round(number * UNIT_NS[unit]!);
  return plus === '' ? { ns } : { moreNs: ns };
}

/**
 * Applies rules to a run. A limit that cannot be checked, of a step that did not run for example, is a failure too: a rule that is misspelt
 * does not pass in silence.
 *
 * @param reference what it is held against: another run, or many; rules that need it fail without
 * @returns a sentence for each rule that fails, in their order. Names in them are not escaped.
 */
export function failures(rules: readonly FailRule[], run: Run, reference?: Reference): string[] {
  if (rules.length === 0) return [];
  const measured = measureRun(run);
  return rules.flatMap((rule) => {
    const reasons =
      rule.kind === 'word'
        ? reasonsOf(rule.word, measured, reference)
        : [exceeded(rule, measured, reference)].filter((reason) => reason !== undefined);
    if (reasons.length === 0) return [];
    const more = reasons.length > MAX_TEXTS ? `; and ${reasons.length - MAX_TEXTS} more` : '';
    return `${rule.text}: ${reasons.slice(0, MAX_TEXTS).join('; ')}${more}`;
  });
}

function reasonsOf(word: FailWord, measured: MeasuredRun, reference: Reference | undefined): string[] {
  if (word === 'incomplete') return gapsOf(measured);
  if (word === 'plan_changed')
    return reference ? reference.planChanges.map(({ text }) => text) : ['there is no other run to compare it with'];
  if (WORDS[word] === 'outcome') return outcomesOf(word as OutcomeWord, measured);
  const { analysis } = measured;
  const found = WORDS[word] === 'difference' ? findDifferences(analysis) : findFaults(analysis);
  return found.filter(({ kind }) => kind === word).map(({ text }) => text);
}

/** The steps that ended so, and the run where that is not because of them. */
function outcomesOf(word: OutcomeWord, { run, analysis: { facts, failures } }: MeasuredRun): string[] {
  const fits = (outcome: Run['outcome']): boolean => (word === 'failure' ? isFailing(outcome) : outcome === word);
  // A step that failed and succeeded in a later pass has not failed.
  const steps = word === 'cancellation' ? facts.steps : failures.failed;
  const texts = steps
    .filter(({ outcome }) => fits(outcome))
    .map(({ toolId, outcome, error }) => {
      const why = error === undefined || error === '' ? '' : `: ${shorten(error, 100)}`;
      return `step ${new Wording().name(toolId)} ended with ${outcome}${why}`;
    });
  return texts.length === 0 && fits(run.outcome) ? [`the run ended with ${run.outcome}`] : texts;
}

function gapsOf({ run, analysis: { facts } }: MeasuredRun): string[] {
  const isPlanMissing = !run.plan && run.span?.attributes.get(ATTR_ORCHESTRATION_PLAN_SOURCE) === 'declared';
  return [
    ...(run.outcome === undefined ? ['no end of the run arrived'] : []),
    ...(isPlanMissing ? ['the plan did not arrive'] : []),
    ...(facts.lost.size > 0 ? [`no span of ${new Wording().names([...facts.lost])} arrived`] : []),
  ];
}

/** Why a limit is exceeded or cannot be checked; undefined where neither is so. */
function exceeded(
  rule: MeasureRule,
  { run, totals, analysis }: MeasuredRun,
  reference: Reference | undefined,
): string | undefined {
  const { limit, measure } = rule;
  const name = new Wording().name(rule.toolId ?? '');
  const took = {
    duration: 'the run took',
    critical_path: 'the critical path took',
    wait: 'its steps waited',
    step: `${name} took`,
  }[measure];
  // Of a run that goes on it is known how long it took so far.
  const ns = valueOf(rule, totals) ?? (measure === 'duration' ? analysis.facts.durationNs : undefined);
  if (ns !== undefined && 'ns' in limit && ns > limit.ns) return `${took} ${formatNs(ns)}`;
  if (ns === undefined || (measure === 'duration' && run.outcome === undefined))
    return `cannot be checked: ${missing(rule, run.outcome !== undefined, name)}`;
  if ('ns' in limit) return undefined;

  if (!reference) return 'cannot be checked: there is no other run';
  const before = valueOf(rule, reference);
  if (before === undefined) return `cannot be checked: ${reference.name} has nothing to compare it with`;
  const more = ns - before;
  // Whole numbers, so that exactly 20 % more is not more than that.
  const isMore = 'moreNs' in limit ? more > limit.moreNs : more * 100 > before * limit.morePercent;
  if (!isMore) return undefined;
  const change = changeMs(before, ns);
  const ratio = formatRatio(change);
  return `${took} ${formatNs(ns)}, ${formatLonger(change)} than ${reference.name}${ratio && ` (${ratio})`}`;
}

function valueOf({ measure, toolId = '' }: MeasureRule, totals: Totals): number | undefined {
  switch (measure) {
    case 'duration':
      return totals.durationNs;
    case 'critical_path':
      return totals.criticalPathNs;
    case 'wait':
      return totals.waitNs;
    case 'step':
      return totals.toolNs.get(toolId);
  }
}

function missing({ measure }: MeasureRule, hasEnded: boolean, name: string): string {
  if (measure === 'step') return `the run has no step ${name} that ran or was skipped`;
  return hasEnded ? 'the plan or spans of steps did not arrive' : 'no end of the run arrived';
}
