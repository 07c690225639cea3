import { ATTR_ORCHESTRATION_EXECUTION_PLAN } from '../../semconv.ts';
import { STATES } from '../scene/step-states.ts';
import type { RunView, StepView } from '../view/run-view.ts';
import { nameSpan } from './details/selection.ts';
import { type OtlpKeyValue, plainOf, type SpanRecord } from './otlp-json.ts';
import { parseSearch, type SearchTerm } from './search-terms.ts';

/** What a search found. */
export interface Found {
  /** Keys of the steps that match, or below which a span does. */
  readonly steps: ReadonlySet<string>;
  /** Ids of spans that match. */
  readonly spans: ReadonlySet<string>;
  /** All of it in the order of the run, what is of no step last. As `Shown.selected` names it; the step that it belongs to stands beside it. */
  readonly order: readonly { readonly selected: string; readonly step: string | undefined }[];
}

/** What is searched: in small letters, and attributes beside their names. */
interface Searchable {
  readonly text: string;
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

/**
 * Finds steps and spans of one run by what they hold. What resources hold is found by `key=value`, and by words where nothing else has them: all spans
 * would be found.
 */
export class SearchIndex {
  readonly #run: RunView;
  readonly #records: readonly SpanRecord[];
  readonly #owners: readonly (number | undefined)[];
  /** Of spans, made when they are searched for the first time. */
  readonly #searchable: Searchable[] = [];

  constructor(run: RunView, records: readonly SpanRecord[]) {
    this.#run = run;
    this.#records = records;
    this.#owners = ownersOf(run, records);
  }

  find(text: string): Found {
    const terms = parseSearch(text);
    const found = this.#find(terms);
    return found.order.length > 0 ? found : this.#find(terms, true);
  }

  #find(terms: readonly SearchTerm[], hasResources?: boolean): Found {
    const [steps, spans] = [new Set<string>(), new Set<string>()];
    if (terms.length === 0) return { steps, spans, order: [] };
    const bySteps: SpanRecord[][] = this.#run.steps.map(() => []);
    const others: SpanRecord[] = [];
    for (const [at, record] of this.#records.entries()) {
      this.#searchable[at] ??= searchableSpan(record);
      if (!matches(this.#searchable[at], terms, hasResources)) continue;
      spans.add(record.span.spanId);
      (bySteps[this.#owners[at] ?? -1] ?? others).push(record);
    }
    const order: { selected: string; step: string | undefined }[] = [];
    for (const [at, step] of this.#run.steps.entries()) {
      const found = bySteps[at] ?? [];
      const isOwn = found.some(({ span }) => span.spanId === step.spanId) || matches(searchableStep(step), terms);
      if (!isOwn && found.length === 0) continue;
      steps.add(step.key);
      if (isOwn) order.push({ selected: `step:${step.key}`, step: step.key });
      for (const { span } of found)
        if (span.spanId !== step.spanId) order.push({ selected: nameSpan(this.#run, span.spanId), step: step.key });
    }
    for (const { span } of others) order.push({ selected: nameSpan(this.#run, span.spanId), step: undefined });
    return { steps, spans, order };
  }
}

/** The index of the step that each span is of, or is below of. */
function ownersOf({ steps }: RunView, records: readonly SpanRecord[]): (number | undefined)[] {
  const owners = new Map<string, number | undefined>(
    steps.flatMap(({ spanId }, at) => (spanId === undefined ? [] : [[spanId, at] as const])),
  );
  const parents = new Map(records.map(({ span }) => [span.spanId, span.parentSpanId]));
  return records.map(({ span }) => {
    const path: string[] = [];
    let above: string | undefined = span.spanId;
    while (above !== undefined && !owners.has(above)) {
      path.push(above);
      // Also what keeps a cycle of parents from going on for ever.
      owners.set(above, undefined);
      above = parents.get(above);
    }
    const owner = above === undefined ? undefined : owners.get(above);
    for (const spanId of path) owners.set(spanId, owner);
    return owner;
  });
}

function searchableSpan({ span, resource }: SpanRecord): Searchable {
  const { name, spanId, attributes = [], events = [], status } = span;
  const own = pairsOf(attributes);
  const ofEvents = events.flatMap((event) => pairsOf(event.attributes ?? []));
  const texts = [name, spanId, status?.message ?? '', ...events.map((event) => event.name)];
  return {
    text: [texts.join('\n').toLowerCase(), ...[...own, ...ofEvents].filter(isTold).flat()].join('\n'),
    attributes: [...own, ...ofEvents, ...resourcePairs(resource)],
  };
}

/** Also a step that has no span is found by what it is called, how it stands, and why. */
function searchableStep({ key, toolId, toolType = '', state, error = '', reason = '' }: StepView): Searchable {
  const attributes = Object.entries({ tool_id: toolId, tool_type: toolType, error, reason });
  return {
    text: [key, toolId, toolType, STATES[state].words, error, reason].join('\n').toLowerCase(),
    attributes: attributes.map(([name, value]) => [name, value.toLowerCase()]),
  };
}

function matches({ text, attributes }: Searchable, terms: readonly SearchTerm[], hasResources = false): boolean {
  return terms.every((term) =>
    'word' in term
      ? text.includes(term.word) ||
        (hasResources && attributes.some((pair) => isTold(pair) && pair.join('\n').includes(term.word)))
      : attributes.some(([key, value]) => isNamed(key, term.key) && value.includes(term.value)),
  );
}

/** The plan names every tool: it would be found whatever is searched for. */
function isTold([key]: readonly [string, string]): boolean {
  return key !== ATTR_ORCHESTRATION_EXECUTION_PLAN;
}

/** `tool_id` names `orchestration.tool_id` as well. */
function isNamed(key: string, name: string): boolean {
  return key === name || key.endsWith(`.${name}`);
}

function pairsOf(attributes: readonly OtlpKeyValue[]): [string, string][] {
  return attributes.map(({ key, value }) => {
    const plain = plainOf(value);
    return [key.toLowerCase(), (typeof plain === 'string' ? plain : (JSON.stringify(plain) ?? '')).toLowerCase()];
  });
}

/** Remembered, because one object stands for the resource of many spans. */
const resources = new WeakMap<readonly OtlpKeyValue[], [string, string][]>();

function resourcePairs(resource: readonly OtlpKeyValue[]): [string, string][] {
  const known = resources.get(resource) ?? pairsOf(resource);
  resources.set(resource, known);
  return known;
}
