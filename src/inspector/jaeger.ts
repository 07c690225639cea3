import { cut } from '../words.ts';
import { diag } from '@opentelemetry/api';
import { asList, asRecord, isRecord, outcomeAt, parseJson, textAt } from '../explain/read/read-attributes.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import {
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_PLAN_NAME,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  type Outcome,
} from '../semconv.ts';
import { decodeJaegerJson } from './decode-jaeger.ts';
import { type DecodedTraces, DecodeError, decodeTracesJson } from './decode-json.ts';
import { fault, JaegerHttp, type JaegerHttpOptions } from './jaeger-http.ts';
import { isRunSpan, planNameOf, tellsOfRun } from './summarize-runs.ts';

const DEFAULT_LOOKBACK_MS = 24 * 60 * 60 * 1_000;
/** How far ahead the clocks of producers may be. */
const CLOCK_SKEW_MS = 60_000;
/** Services that are searched at a time. */
const SEARCHES_AT_A_TIME = 4;
/** Most of what Jaeger says about a failure that is shown. */
const MAX_SHOWN = 200;
/** What Jaeger adds to a span to complain about it (`internal/jptrace/attributes.go`). */
const WARNINGS = '@jaeger@warnings';

export interface JaegerOptions extends JaegerHttpOptions {
  /** Told, a line each, about spans that Jaeger gave and that cannot be read. Default: OpenTelemetry's `diag`. */
  onWarning?: ((message: string) => void) | undefined;
}

export interface RunFilter {
  /** Only runs of the plan of this name. */
  readonly plan?: string | undefined;
  /** Most runs that are given. */
  readonly limit: number;
  /** How far back runs are looked for, in milliseconds. Default: a day. */
  readonly lookbackMs?: number | undefined;
}

/** A trace that holds a run, or the plan of one. Of several runs, the one that started first, of those whose own span arrived if there is one. */
export interface RecentRun {
  readonly traceId: string;
  readonly startNs: bigint;
  readonly planName: string | undefined;
  /** Undefined as well as long as the run's own span did not arrive. */
  readonly outcome: Outcome | undefined;
  /** Empty where none is named. */
  readonly service: string;
}

/** The documents of an answer; `none` when there is no such trace; undefined when there is no such path, or none of Jaeger's. */
type Answer = readonly unknown[] | 'none' | undefined;
/** What is looked for: the traces of a service with a span that has all of these attributes. */
interface Search {
  readonly service: string;
  readonly wanted: Readonly<Record<string, string>>;
}

/** Undefined for documents without spans that it can read. Throws a DecodeError for others. */
type Decode = (documents: readonly unknown[]) => DecodedTraces | undefined;

/**
 * Reads traces from Jaeger: by its API v3, which keeps nanoseconds, types and links, and by the older one where v3 is missing or cannot do
 * it. Methods throw an `OrchestraceError` with code `USAGE_INVALID` that says in one line what to do, or what `signal` was aborted with.
 *
 * @see https://www.jaegertracing.io/docs/latest/architecture/apis/
 */
export class JaegerClient {
  readonly #http: JaegerHttp;
  readonly #onWarning: (message: string) => void;
  /** Whether this Jaeger is known to search by attributes only in its older API: it is from before 2.19. */
  #searchesByOlder = false;

  /**
   * @param url of Jaeger's page, such as `http://127.0.0.1:16686`, with its base path if it has one
   * @throws {OrchestraceError} code `USAGE_INVALID`: the URL or a header cannot be used
   */
  constructor(
    url: string,
    { onWarning = (message) => diag.warn(`orchestrace: ${message}`), ...options }: JaegerOptions = {},
  ) {
    this.#http = new JaegerHttp(url, options);
    this.#onWarning = onWarning;
  }

  /** The spans of a trace; empty when Jaeger has none. */
  async trace(traceId: string, signal?: AbortSignal): Promise<ReceivedSpan[]> {
    if (!/^[0-9a-f]{1,32}$/i.test(traceId)) {
      throw fault(`expected a trace id of 32 hex digits, got "${traceId.slice(0, MAX_SHOWN)}"`);
    }
    const id = traceId.toLowerCase().padStart(32, '0');
    // Raw: as it was sent, not as Jaeger corrects it. The parameter is in camel case since 2.20.
    const newer = await this.#spans(`/api/v3/traces/${id}?rawTraces=true&raw_traces=true`, decodeV3, signal);
    const spans = newer ?? (await this.#spans(`/api/traces/${id}?raw=true`, decodeOlder, signal));
    return spans ?? this.#failAsForeign();
  }

  /** Traces that hold a run, newest first. One that goes on, or was killed, is found by its plan. */
  async recentRuns(filter: RunFilter, signal?: AbortSignal): Promise<RecentRun[]> {
    const services = await this.#services(signal);
    const runs = new Map<string, RecentRun>();
    const searches = services.flatMap((service) => wantedBy(filter).map((wanted) => ({ service, wanted })));
    for (let i = 0; i < searches.length; i += SEARCHES_AT_A_TIME) {
      const few = searches.slice(i, i + SEARCHES_AT_A_TIME);
      const found = await Promise.all(few.map((search) => this.#search(search, filter, signal)));
      for (const [traceId, trace] of Map.groupBy(found.flat(), ({ traceId }) => traceId)) {
        const run = firstRun(trace, filter.plan);
        if (run) runs.set(traceId, toRecentRun(run));
      }
    }
    return [...runs.values()].toSorted((a, b) => Number(b.startNs - a.startNs)).slice(0, filter.limit);
  }

  async #services(signal?: AbortSignal): Promise<string[]> {
    const newer = await this.#ask('/api/v3/services', signal);
    const [body] = Array.isArray(newer) ? newer : [];
    // Without services it is an empty object.
    if (isRecord(body) && Object.keys(body).length === 0) return [];
    const { services } = asRecord(body);
    if (Array.isArray(services)) return textsIn(services);

    const older = await this.#ask('/api/services', signal);
    const { data } = asRecord(Array.isArray(older) ? older[0] : undefined);
    return data === undefined ? this.#failAsForeign() : textsIn(data);
  }

  async #search(search: Search, filter: RunFilter, signal?: AbortSignal): Promise<ReceivedSpan[]> {
    let newer: ReceivedSpan[] | undefined;
    if (!this.#searchesByOlder) {
      newer = await this.#spans(`/api/v3/traces?${newerSearch(search, filter)}`, decodeV3, signal);
      // Before 2.19 it passes over the attributes and gives any traces.
      const fits = (span: ReceivedSpan): boolean => hasAll(span, search.wanted);
      if (newer && [...Map.groupBy(newer, ({ traceId }) => traceId).values()].every((trace) => trace.some(fits)))
        return newer;
    }
    const older = await this.#spans(`/api/traces?${olderSearch(search, filter)}`, decodeOlder, signal);
    if (older) this.#searchesByOlder = true;
    return older ?? newer ?? this.#failAsForeign();
  }

  /** The spans that are there; undefined when nothing is that the decoder reads. */
  async #spans(target: string, decode: Decode, signal?: AbortSignal): Promise<ReceivedSpan[] | undefined> {
    const answer = await this.#ask(target, signal);
    if (answer === 'none') return [];
    const decoded = answer && decodeWith(decode, answer);
    if (decoded?.reason !== undefined) {
      const { rejectedSpans, reason } = decoded;
      this.#onWarning(`left out ${rejectedSpans} of the spans from ${this.#http.url}, the first because of ${reason}`);
    }
    return decoded?.spans;
  }

  async #ask(target: string, signal?: AbortSignal): Promise<Answer> {
    const { status, text } = await this.#http.get(target, signal);
    const documents = parseDocuments(text);
    if (status === 200) return documents;
    const said = messageIn(documents?.[0]);
    if (status === 404) return said === undefined ? undefined : 'none';
    const { url } = this.#http;
    if (status === 401 || status === 403) {
      throw fault(`${url} lets nobody in without authorisation (${status}): give --header 'Authorization: ...'`);
    }
    const why =
      said === undefined ? ": is this the address of Jaeger's page?" : `: ${cut(this.#http.conceal(said), MAX_SHOWN)}`;
    throw fault(`${url} answers ${status}${why}`);
  }

  #failAsForeign(): never {
    throw fault(
      `${this.#http.url} does not answer as Jaeger does: is this the address of its page, with its base path?`,
    );
  }
}

/** Reads what v3 wraps in `result`. Before 1.54 it had ids in base64, which are none in OTLP's JSON: no span can be read then. */
function decodeV3(documents: readonly unknown[]): DecodedTraces | undefined {
  const decoded = documents.map((document) => decodeTracesJson(asRecord(document).result));
  const spans = decoded.flatMap((part) => part.spans.map(withoutWarnings));
  const rejectedSpans = decoded.reduce((sum, part) => sum + part.rejectedSpans, 0);
  const reason = decoded.find((part) => part.reason !== undefined)?.reason;
  if (spans.length === 0) return undefined;
  return reason === undefined ? { spans, rejectedSpans } : { spans, rejectedSpans, reason };
}

function decodeOlder(documents: readonly unknown[]): DecodedTraces {
  return decodeJaegerJson(documents[0]);
}

function decodeWith(decode: Decode, documents: readonly unknown[]): DecodedTraces | undefined {
  try {
    return decode(documents);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function withoutWarnings(span: ReceivedSpan): ReceivedSpan {
  if (!span.attributes.has(WARNINGS)) return span;
  return { ...span, attributes: new Map([...span.attributes].filter(([key]) => key !== WARNINGS)) };
}

/** JSON, or JSON a line, as v3 may stream it; undefined for what is none. */
function parseDocuments(text: string): unknown[] | undefined {
  const whole = parseJson(text);
  if (whole !== undefined) return [whole];
  const lines = text.trimEnd().split('\n').map(parseJson);
  return lines.includes(undefined) ? undefined : lines;
}

/** What Jaeger says is wrong: in v3 `{"error":{"httpCode","message"}}`, before it `{"errors":[{"code","msg"}]}`. */
function messageIn(document: unknown): string | undefined {
  const { error, errors } = asRecord(document);
  const { httpCode, message } = asRecord(error);
  const { code, msg } = asRecord(asList(errors)[0]);
  const said = httpCode === undefined ? code !== undefined && msg : message;
  return typeof said === 'string' ? said : undefined;
}

/** The run of a trace that started first, or its plan where no span of a run is there; of a plan, if one is named. */
function firstRun(trace: readonly ReceivedSpan[], plan: string | undefined): ReceivedSpan | undefined {
  const telling = trace
    .filter((span) => tellsOfRun(span) && (plan === undefined || planNameOf(span) === plan))
    .toSorted((a, b) => Number(a.startNs - b.startNs));
  return telling.find(isRunSpan) ?? telling[0];
}

function toRecentRun(run: ReceivedSpan): RecentRun {
  const { traceId, startNs, attributes, resource } = run;
  return {
    traceId,
    startNs,
    planName: planNameOf(run),
    outcome: outcomeAt(attributes, ATTR_ORCHESTRATION_OUTCOME),
    service: textAt(resource, 'service.name') ?? '',
  };
}

/** Times in both spellings, camel case since 2.20. Until 2.18 the number of traces had yet another name. */
function newerSearch({ service, wanted }: Search, filter: RunFilter): string {
  const { startMs, endMs } = windowOf(filter);
  const [start, end] = [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
  const limit = String(filter.limit);
  return new URLSearchParams([
    ['query.serviceName', service],
    ['query.service_name', service],
    ['query.startTimeMin', start],
    ['query.start_time_min', start],
    ['query.startTimeMax', end],
    ['query.start_time_max', end],
    ['query.searchDepth', limit],
    ['query.num_traces', limit],
    ['query.rawTraces', 'true'],
    ['query.raw_traces', 'true'],
    ['query.attributes', JSON.stringify(wanted)],
  ]).toString();
}

function olderSearch({ service, wanted }: Search, filter: RunFilter): string {
  const { startMs, endMs } = windowOf(filter);
  return new URLSearchParams([
    ['service', service],
    ['tags', JSON.stringify(wanted)],
    ['start', `${startMs}000`],
    ['end', `${endMs}000`],
    ['limit', String(filter.limit)],
  ]).toString();
}

function windowOf({ lookbackMs = DEFAULT_LOOKBACK_MS }: RunFilter): { startMs: number; endMs: number } {
  const now = Date.now();
  return { startMs: now - lookbackMs, endMs: now + CLOCK_SKEW_MS };
}

/** A plan is named by its own span and by that of its run; without a name, each is looked for by what it is. */
function wantedBy({ plan }: RunFilter): Search['wanted'][] {
  if (plan !== undefined) return [{ [ATTR_ORCHESTRATION_PLAN_NAME]: plan }];
  return ['run', 'plan'].map((type) => ({ [ATTR_ORCHESTRATION_SPAN_TYPE]: type }));
}

function hasAll({ attributes }: ReceivedSpan, wanted: Search['wanted']): boolean {
  return Object.entries(wanted).every(([key, value]) => textAt(attributes, key) === value);
}

function textsIn(list: unknown): string[] {
  return asList(list).filter((item) => typeof item === 'string');
}
