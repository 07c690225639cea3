import { existsSync } from 'node:fs';
import { Wording } from '../explain/format.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { reconstruct } from '../explain/read/reconstruct.ts';
import type { Run } from '../explain/read/run.ts';
import { usageError } from './command.ts';
import { defaultStoreFile } from './default-store.ts';
import { nearest } from './nearest.ts';
import { messageOf } from './say-fault.ts';
import { describeForeign } from './source/describe-foreign.ts';
import { answers, defaultJaegerUrl, JaegerPlace } from './source/jaeger-place.ts';
import type { Place, RecentTrace } from './source/place.ts';
import { readTraceFile } from './source/read-trace-file.ts';
import { StorePlace } from './source/store-place.ts';

/** Flags of the commands that read runs, for `parseArgs`. */
export const SOURCE_FLAGS = {
  plan: { type: 'string' },
  store: { type: 'string' },
  jaeger: { type: 'string' },
  header: { type: 'string', multiple: true },
} as const;

/** What the help of these commands says of them. */
export const SOURCE_HELP = `  --plan NAME       the newest run of this plan; in a file or trace of several runs, the one of this plan
  --store FILE      look in this store alone: a file that run, demo or inspect kept
  --jaeger URL      look in this Jaeger alone, e.g. http://127.0.0.1:16686
  --header 'N: V'   sent to Jaeger, e.g. 'Authorization: Bearer abc'; may be repeated`;

/** And of the environment. */
export const SOURCE_ENVIRONMENT = `  ORCHESTRACE_STORE        where traces are kept, or off (~/.local/state/orchestrace/traces.sqlite)
  ORCHESTRACE_JAEGER_URL   the Jaeger that is asked as well if it answers (http://127.0.0.1:16686)`;

/** The values of {@link SOURCE_FLAGS}. */
export interface SourceFlags {
  readonly plan?: string | undefined;
  readonly store?: string | undefined;
  readonly jaeger?: string | undefined;
  readonly header?: readonly string[] | undefined;
}

/** A trace that was found. */
export interface FoundTrace {
  /** The run that was asked for: the newest of those that fit. Undefined for spans without any run of ours. */
  readonly run: Run | undefined;
  /** All outermost runs that were there, by start. */
  readonly runs: readonly Run[];
  /** The spans of the run's trace; without a run, all that were there. */
  readonly spans: readonly ReceivedSpan[];
  /** Where it was found, e.g. `traces.jsonl` or `the store /tmp/traces.sqlite`. */
  readonly from: string;
  /** What a reader should know of that, a line each: lines that could not be read, other runs, a place that could not be asked. */
  readonly notes: readonly string[];
}

/** A trace with a run. */
export interface FoundRun extends FoundTrace {
  readonly run: Run;
}

const LATEST = 'latest';
const TRACE_ID = /^[0-9a-f]{32}$/;
const PREFIX = /^[0-9a-f]{6,31}$/;

/**
 * Where runs are read from: files, a store, Jaeger. Without `--store` and `--jaeger` it looks in the default store, and in the default Jaeger
 * if that answers. Nothing is opened before it is needed.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`, of every method: what is asked for is not there, or a place that was named cannot be asked.
 *   The message says where was looked and what to do.
 */
export class TraceSource implements AsyncDisposable {
  readonly #flags: SourceFlags;
  readonly #signal: AbortSignal;
  readonly #env: NodeJS.ProcessEnv;
  readonly #notes: string[] = [];
  #opening: Promise<void> | undefined;
  readonly #places: Place[] = [];
  /** Places that could not be asked, and why. */
  readonly #missing: string[] = [];

  constructor(flags: SourceFlags, signal: AbortSignal, env: NodeJS.ProcessEnv = process.env) {
    if (flags.header && flags.jaeger === undefined && !env['ORCHESTRACE_JAEGER_URL']?.trim())
      throw usageError('--header is sent to Jaeger alone: say which by --jaeger URL');
    this.#flags = flags;
    this.#signal = signal;
    this.#env = env;
  }

  /**
   * Finds a trace.
   *
   * @param given a trace id in any case, the first 6 digits or more of one in a store, a file, `-` for stdin, or `latest`. Undefined with
   *   `--plan`: the newest run of this plan.
   */
  async traceOf(given: string | undefined): Promise<FoundTrace> {
    if (given === undefined || given === LATEST) return this.#latest();
    const id = given.toLowerCase();
    if (TRACE_ID.test(id)) return this.#byId(id);
    if (PREFIX.test(id) && !existsSync(given)) return this.#byPrefix(id);
    return this.#inFile(given);
  }

  /** The same where spans without a run are of no use. */
  async runOf(given: string | undefined): Promise<FoundRun> {
    const found = await this.traceOf(given);
    if (!found.run) throw usageError(describeForeign(found));
    return { ...found, run: found.run };
  }

  /**
   * Runs of a plan, or of any, newest first, each read when its turn comes. Of a trace with several, the newest first.
   *
   * @param plan default: that of `--plan`
   */
  async *recentRuns(plan: string | undefined = this.#flags.plan): AsyncGenerator<FoundRun, void, undefined> {
    for (const { place, traceId } of await this.#recentTraces(plan)) {
      const spans = (await this.#ask(() => place.trace(traceId, this.#signal))) ?? [];
      const runs = reconstruct(spans);
      for (const run of runs.filter(({ planName }) => plan === undefined || planName === plan).toReversed())
        yield { run, runs, spans, from: place.name, notes: [...this.#notes] };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening?.catch(() => {}); // said already
    await Promise.all(this.#places.map((place) => place[Symbol.asyncDispose]()));
  }

  async #latest(): Promise<FoundTrace> {
    for await (const found of this.recentRuns()) return found;
    throw await this.noRun();
  }

  /** What to throw where {@link recentRuns} gave none: of a plan that there is not, it names those that there are. */
  async noRun(): Promise<Error> {
    const { plan } = this.#flags;
    if (plan === undefined) return this.#nothing('there is no run');
    const all = (await this.#recentTraces(undefined)).flatMap(({ planNames }) => planNames);
    const names = [...new Set(all)].filter((name) => name !== plan);
    const near = nearest(plan, names);
    const others = names.length === 0 ? '' : `There are runs of ${new Wording().names(names)}. `;
    return this.#nothing(`there is no run of the plan ${plan}`, near === undefined ? others : `Did you mean ${near}? `);
  }

  async #byId(traceId: string): Promise<FoundTrace> {
    for (const place of await this.#open()) {
      const spans = await this.#ask(() => place.trace(traceId, this.#signal));
      if (spans && spans.length > 0) return this.#choose(spans, `trace ${traceId}`, place.name);
    }
    throw this.#nothing(`there is no trace ${traceId}`);
  }

  async #byPrefix(prefix: string): Promise<FoundTrace> {
    for (const place of await this.#open()) {
      const ids = (await this.#ask(() => place.idsFrom(prefix, this.#signal))) ?? [];
      if (ids.length > 1) {
        const shown = `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', ...' : ''}`;
        throw usageError(`${ids.length} traces in ${place.name} begin with ${prefix}: ${shown}; give more digits`);
      }
      if (ids[0] !== undefined) return this.#byId(ids[0]);
    }
    throw this.#nothing(
      `there is no file ${prefix}, and no trace that begins so (of those in Jaeger, only recent runs are found by some digits)`,
    );
  }

  async #inFile(file: string): Promise<FoundTrace> {
    const { store, jaeger } = this.#flags;
    const isMissing = file !== '-' && !existsSync(file);
    if (isMissing && nearest(file.toLowerCase(), [LATEST]) !== undefined)
      throw usageError(`there is no file ${file}, and it is not a trace id; did you mean ${LATEST}?`);
    if (store !== undefined || jaeger !== undefined)
      throw usageError(
        `${file} is not a trace id, and a file is read by itself: leave out ${store === undefined ? '--jaeger' : '--store'}`,
      );
    if (isMissing)
      throw usageError(
        `there is no file ${file}, and it is not a trace id: give 32 hex digits, the first 6 or more of one in the store, or latest`,
      );
    const { spans, faults } = await readTraceFile(file, this.#signal);
    const name = file === '-' ? 'stdin' : file;
    this.#notes.push(...faults.map((fault) => `${name}: ${fault}`));
    return this.#choose(spans, name, name);
  }

  /** Takes the newest run that fits. */
  #choose(spans: readonly ReceivedSpan[], what: string, from: string): FoundTrace {
    const { plan } = this.#flags;
    const runs = reconstruct(spans);
    const fitting = plan === undefined ? runs : runs.filter(({ planName }) => planName === plan);
    const run = fitting.at(-1);
    if (plan !== undefined && !run) throw usageError(`${what} has no run of the plan ${plan}: ${describeRuns(runs)}`);
    if (fitting.length > 1)
      this.#notes.push(
        `${what} has ${fitting.length} runs${plan === undefined ? '' : ' of this plan'}; the newest is shown`,
      );
    return {
      run,
      runs,
      spans: run ? spans.filter(({ traceId }) => traceId === run.traceId) : spans,
      from,
      notes: [...this.#notes],
    };
  }

  /** Of all places, newest first. One that is in several is read from the first. */
  async #recentTraces(plan: string | undefined): Promise<(RecentTrace & { place: Place })[]> {
    const places = await this.#open();
    const lists = await Promise.all(
      places.map(async (place) => {
        const traces = await this.#ask(() => place.recent(plan, this.#signal));
        return (traces ?? []).map(({ traceId, startNs, planNames }) => ({ traceId, startNs, planNames, place }));
      }),
    );
    const traces = new Map(
      lists
        .flat()
        .toReversed()
        .map((trace) => [trace.traceId, trace]),
    );
    return [...traces.values()].toSorted((a, b) => (a.startNs === b.startNs ? 0 : a.startNs < b.startNs ? 1 : -1));
  }

  /** Asks a place. One that nobody named may fail: then it is said, and the others count. */
  async #ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (this.#signal.aborted || this.#isNamed) throw error;
      this.#missed(error);
      return undefined;
    }
  }

  get #isNamed(): boolean {
    return this.#flags.store !== undefined || this.#flags.jaeger !== undefined;
  }

  async #open(): Promise<readonly Place[]> {
    await (this.#opening ??= this.#isNamed ? this.#openNamed() : this.#openDefault());
    return this.#places;
  }

  async #openNamed(): Promise<void> {
    const { store, jaeger } = this.#flags;
    if (store !== undefined) {
      const place = StorePlace.open(store);
      if (!place) throw usageError(`there is no store ${store}; orchestrace inspect --store FILE makes one`);
      this.#places.push(place);
    }
    if (jaeger !== undefined) this.#addJaeger(jaeger);
  }

  async #openDefault(): Promise<void> {
    this.#openDefaultStore();
    await this.#openDefaultJaeger();
  }

  #openDefaultStore(): void {
    try {
      const file = defaultStoreFile(this.#env);
      const place = file === undefined ? undefined : StorePlace.open(file);
      if (file === undefined) this.#missing.push('ORCHESTRACE_STORE is off');
      else if (place) this.#places.push(place);
      else this.#missing.push(`there is no store ${file} yet`);
    } catch (error) {
      this.#missed(error);
    }
  }

  async #openDefaultJaeger(): Promise<void> {
    try {
      const url = defaultJaegerUrl(this.#env);
      if (await answers(url, this.#signal)) this.#addJaeger(url);
      else this.#missing.push(`nothing answers at ${url}`);
    } catch (error) {
      if (this.#flags.header) throw error; // they are for this Jaeger
      this.#missed(error);
    }
  }

  #addJaeger(url: string): void {
    this.#places.push(new JaegerPlace(url, this.#flags.header ?? [], (message) => this.#notes.push(message)));
  }

  #missed(error: unknown): void {
    this.#missing.push(messageOf(error));
    this.#notes.push(messageOf(error));
  }

  /** Says where was looked, and what to do. */
  #nothing(what: string, hint = ''): Error {
    const looked = this.#places.map(({ name }) => `not in ${name}`);
    const where = [...looked, ...this.#missing].join('; ');
    return usageError(`${what}: ${where}. ${hint}Name a file, or another place with --store FILE or --jaeger URL`);
  }
}

function describeRuns(runs: readonly Run[]): string {
  const names = [...new Set(runs.map(({ planName }) => planName ?? 'a plan without a name'))];
  return names.length === 0 ? 'it has no run at all' : `it has runs of ${new Wording().names(names)}`;
}
