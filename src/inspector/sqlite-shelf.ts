import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { textAt } from '../explain/read/read-attributes.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { type KeptSpan, type KeptTrace, noCounts, type Shelf } from './add-spans.ts';
import { encodeSpan, originJson } from './encode-json.ts';
import { type Ancestor, planNameOf, tellsOfRun } from './summarize-runs.ts';

interface SqliteTrace extends KeptTrace {
  readonly traceId: string;
  /** Undefined until it has a row. */
  id: number | undefined;
  /** Rows of the resources and scopes that are known to be there. */
  readonly origins: Map<string, number>;
}

/** A span as it is read: `body` is JSON, of all but what the row of its `origin` has. */
interface SpanRow {
  readonly origin: number;
  readonly body: string;
}

interface TraceRow {
  readonly id: number;
  readonly traceId: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly spans: number;
  readonly bytes: number;
}

/** The tables of a store's file. Each call belongs into a transaction. */
export class SqliteShelf implements Shelf<SqliteTrace> {
  counts: ReturnType<typeof noCounts> = noCounts();
  readonly #statements: Statements;

  constructor(database: DatabaseSync) {
    this.#statements = prepareAll(database);
  }

  readCounts(): ReturnType<typeof noCounts> {
    return { ...noCounts(), ...this.#statements.readCounts.get() };
  }

  writeCounts(): void {
    const { traces, spans, bytes, evictedTraces, evictedSpans, refusedSpans } = this.counts;
    this.#statements.writeCounts.run(traces, spans, bytes, evictedTraces, evictedSpans, refusedSpans);
  }

  open(traceId: string): SqliteTrace {
    const row = this.#statements.findTrace.get(traceId);
    const kept = row ? traceOf(row) : { id: undefined, startNs: 0n, endNs: 0n, spans: 0, bytes: 0 };
    return { ...kept, traceId, origins: new Map() };
  }

  find({ id }: SqliteTrace, spanId: string): KeptSpan | undefined {
    const row = id === undefined ? undefined : this.#statements.findSpan.get(id, spanId);
    return row && { startNs: timeOf(row.startNs), endNs: timeOf(row.endNs), bytes: Number(row.bytes) };
  }

  hasOrigin(trace: SqliteTrace, span: ReceivedSpan): boolean {
    return this.#findOrigin(trace, originJson(span)) !== undefined;
  }

  put(trace: SqliteTrace, span: ReceivedSpan, bytes: number): void {
    trace.id ??= Number(this.#statements.addTrace.run(trace.traceId).lastInsertRowid);
    const isRun = tellsOfRun(span);
    this.#statements.putSpan.run(
      trace.id,
      span.spanId,
      span.parentSpanId ?? null,
      this.#originOf(trace, trace.id, span),
      timeText(span.startNs),
      timeText(span.endNs),
      isRun ? 1 : 0,
      isRun ? jsonText(planNameOf(span)) : null,
      bytes,
      JSON.stringify(encodeSpan(span)),
    );
  }

  earliestStart({ id }: SqliteTrace): bigint {
    return timeOf(this.#statements.earliestStart.get(id ?? null)?.startNs ?? '0');
  }

  save({ id, startNs, endNs, spans, bytes }: SqliteTrace): void {
    this.#statements.saveTrace.run(timeText(startNs), timeText(endNs), spans, bytes, id ?? null);
  }

  oldest({ id }: SqliteTrace): SqliteTrace | undefined {
    const row = this.#statements.oldestTrace.get(id ?? null);
    return row && { ...traceOf(row), origins: new Map() };
  }

  delete({ id }: SqliteTrace): void {
    this.#statements.deleteTrace.run(id ?? null);
  }

  /** The spans of a trace, those of one resource and scope together. */
  readTrace(traceId: string): { origins: Map<number, string>; spans: SpanRow[] } {
    const origins = this.#statements.readOrigins
      .all(traceId)
      .map(({ id, body }) => [Number(id), String(body)] as const);
    const spans = this.#statements.readSpans.all(traceId).map(({ origin, body }) => ({
      origin: Number(origin),
      body: String(body),
    }));
    return { origins: new Map(origins), spans };
  }

  /** Newest first. */
  readTraces(plan: string | undefined, limit: number | undefined): TraceRow[] {
    const name = jsonText(plan);
    return this.#statements.readTraces.all(name, name, limit ?? -1).map(traceOf);
  }

  /** The spans of a trace that tell of a run. */
  readRuns(trace: number): string[] {
    return this.#statements.readRuns.all(trace).map(({ body }) => String(body));
  }

  readAncestor(trace: number, spanId: string): Ancestor | undefined {
    const row = this.#statements.readAncestor.get(trace, spanId);
    return row && { parentSpanId: row.parentId === null ? undefined : String(row.parentId), isRun: row.isRun === 1 };
  }

  /** Resources and scopes of a trace that name a service, in the order in which they came. */
  readOrigins(trace: number): string[] {
    return this.#statements.readServices.all(trace).map(({ body }) => String(body));
  }

  #findOrigin(trace: SqliteTrace, body: string): number | undefined {
    const known = trace.origins.get(body);
    if (known !== undefined || trace.id === undefined) return known;
    const row = this.#statements.findOrigin.get(trace.id, body);
    if (!row) return undefined;
    trace.origins.set(body, Number(row.id));
    return Number(row.id);
  }

  #originOf(trace: SqliteTrace, id: number, span: ReceivedSpan): number {
    const body = originJson(span);
    const known = this.#findOrigin(trace, body);
    if (known !== undefined) return known;
    const added = this.#statements.addOrigin.run(id, body, jsonText(textAt(span.resource, 'service.name')));
    trace.origins.set(body, Number(added.lastInsertRowid));
    return Number(added.lastInsertRowid);
  }
}

type Statements = ReturnType<typeof prepareAll>;

/** Parameters have no numbers: Node 22 takes none. */
function prepareAll(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    readCounts: prepare(`
      SELECT traces, spans, bytes, evicted_traces AS evictedTraces, evicted_spans AS evictedSpans, refused_spans AS refusedSpans
      FROM counts`),
    writeCounts: prepare(`
      UPDATE counts SET traces = ?, spans = ?, bytes = ?, evicted_traces = ?, evicted_spans = ?, refused_spans = ?`),
    findTrace: prepare(`
      SELECT id, trace_id AS traceId, start_ns AS startNs, end_ns AS endNs, spans, bytes FROM traces WHERE trace_id = ?`),
    addTrace: prepare(`
      INSERT INTO traces (trace_id, added, start_ns, end_ns, spans, bytes) VALUES (?, 0, '', '', 0, 0)`),
    saveTrace: prepare(`
      UPDATE traces SET added = (SELECT max(added) + 1 FROM traces), start_ns = ?, end_ns = ?, spans = ?, bytes = ?
      WHERE id = ?`),
    oldestTrace: prepare(`
      SELECT id, trace_id AS traceId, start_ns AS startNs, end_ns AS endNs, spans, bytes
      FROM traces WHERE id IS NOT ? ORDER BY added LIMIT 1`),
    deleteTrace: prepare('DELETE FROM traces WHERE id = ?'),
    findSpan: prepare(`
      SELECT start_ns AS startNs, end_ns AS endNs, bytes FROM spans WHERE trace = ? AND span_id = ?`),
    putSpan: prepare(`
      INSERT INTO spans (trace, span_id, parent_id, origin, start_ns, end_ns, is_run, plan, bytes, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (trace, span_id) DO UPDATE SET
        parent_id = excluded.parent_id, origin = excluded.origin, start_ns = excluded.start_ns, end_ns = excluded.end_ns,
        is_run = excluded.is_run, plan = excluded.plan, bytes = excluded.bytes, body = excluded.body`),
    earliestStart: prepare(`
      SELECT min(start_ns) AS startNs FROM spans WHERE trace = ? AND start_ns > '00000000000000000000'`),
    findOrigin: prepare('SELECT id FROM origins WHERE trace = ? AND body = ?'),
    addOrigin: prepare('INSERT INTO origins (trace, body, service) VALUES (?, ?, ?)'),
    readOrigins: prepare(`
      SELECT id, body FROM origins WHERE trace = (SELECT id FROM traces WHERE trace_id = ?)`),
    readSpans: prepare(`
      SELECT origin, body FROM spans WHERE trace = (SELECT id FROM traces WHERE trace_id = ?)`),
    readTraces: prepare(`
      SELECT id, trace_id AS traceId, start_ns AS startNs, end_ns AS endNs, spans, bytes FROM traces
      WHERE ? IS NULL OR id IN (SELECT trace FROM spans WHERE plan = ?)
      ORDER BY start_ns DESC, trace_id LIMIT ?`),
    readRuns: prepare('SELECT body FROM spans WHERE trace = ? AND is_run = 1'),
    readAncestor: prepare(`
      SELECT parent_id AS parentId, is_run AS isRun FROM spans WHERE trace = ? AND span_id = ?`),
    readServices: prepare(`
      SELECT body FROM origins WHERE trace = ? AND service IS NOT NULL ORDER BY id`),
  };
}

function traceOf(row: Readonly<Record<string, unknown>>): TraceRow {
  return {
    id: Number(row.id),
    traceId: String(row.traceId),
    startNs: timeOf(row.startNs),
    endNs: timeOf(row.endNs),
    spans: Number(row.spans),
    bytes: Number(row.bytes),
  };
}

/** Texts of one length sort as the numbers do. */
function timeText(ns: bigint): string {
  return String(ns).padStart(20, '0');
}

function timeOf(text: unknown): bigint {
  return BigInt(String(text));
}

/** A text that any version of Node and SQLite gives back as it was. */
function jsonText(text: string | undefined): string | null {
  return text === undefined ? null : JSON.stringify(text);
}
