import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OrchestraceError } from '../errors.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { reconstruct } from '../explain/read/reconstruct.ts';
import { VERSION } from '../version.ts';
import { Refusal } from './answer.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Inspector } from './inspector.ts';
import { handleLive } from './live-routes.ts';
import { type PageFiles, savePage, sendPageFile } from './page-files.ts';
import { BodyBudget, readDecompressed } from './read-body.ts';
import { type ReadTraces, readTraces } from './read-traces.ts';
import { sendFresh, sendJson } from './send.ts';
import { runSpanIdOf } from './view/view-run.ts';

const MAX_IMPORT_BYTES = 64 * 1024 * 1024;
/** Of a trace file, and beside it of what else is being read. */
const BUDGET_BYTES = 2 * MAX_IMPORT_BYTES;
/** The list, and a run by the id of its trace or the first digits of it, as the command line takes them. */
export const PAGE_PATH: RegExp = /^\/(?:run\/[0-9a-fA-F]{6,32})?$/;
const TOKEN_HEADER = 'x-orchestrace-token';

/** A link to another tool, such as `https://logs.example/?q={trace_id}`. */
export interface PageLink {
  readonly name: string;
  /** With `{trace_id}`, `{start_ms}` and `{end_ms}` where these belong; the times since 1970. */
  readonly url: string;
}

export interface RoutesOptions {
  /** Where the store is, or `memory`. It stands in the session, by which `findInspector` knows an Inspector; the page does not show it. */
  readonly storeName: string;
  readonly links?: readonly PageLink[] | undefined;
}

interface Served {
  readonly inspector: Inspector;
  readonly feed: ChangeFeed;
  readonly files: PageFiles;
  /** Takes spans that were given. */
  readonly take: (spans: readonly ReceivedSpan[]) => void;
}

/** What is at which path. Whoever asks has passed the receiver's checks. */
export class Routes {
  readonly #token = randomBytes(16).toString('base64url');
  readonly #budget = new BodyBudget(BUDGET_BYTES);
  readonly #inspector: Inspector;
  readonly #feed: ChangeFeed;
  readonly #files: PageFiles;
  readonly #take: (spans: readonly ReceivedSpan[]) => void;
  readonly #options: RoutesOptions;

  constructor({ inspector, feed, files, take }: Served, options: RoutesOptions) {
    this.#inspector = inspector;
    this.#feed = feed;
    this.#files = files;
    this.#take = take;
    this.#options = options;
  }

  /**
   * @returns whether there is something at the path
   * @throws {Refusal} there is, and it is not given
   */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    try {
      return await this.#route(request, response);
    } catch (error) {
      // What a store or a Jaeger has to say.
      throw OrchestraceError.isInstance(error) ? new Refusal(503, error.message) : error;
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { path, parameter } = addressOf(request.url ?? '');
    if (path.startsWith('/api/live/')) return handleLive(request, response, path, this.#inspector.live);
    const file = this.#files.get(PAGE_PATH.test(path) ? '/index.html' : path);
    if (file && path !== '/index.html') {
      requireMethod(request, 'GET', 'HEAD');
      sendPageFile(response, file);
      return true;
    }
    const id = (name: string): string => parameter(name).toLowerCase();
    const [trace, run] = [id('trace'), id('run')];
    switch (path) {
      case '/api/session':
        return this.#answer(request, response, () => this.#session());
      case '/api/runs':
        return this.#answer(request, response, () => this.#inspector.runs());
      case '/api/run':
        return this.#answer(request, response, () => this.#inspector.run(trace, run));
      case '/api/spans':
        return this.#answer(request, response, () => this.#inspector.spans(trace, id('under')));
      case '/api/compare':
        return this.#answer(request, response, () => this.#inspector.compare(trace, run, id('with')));
      case '/api/events':
        requireMethod(request, 'GET');
        if (!this.#feed.listen(response)) throw new Refusal(503, 'too many pages are open');
        return true;
      case '/export':
        requireMethod(request, 'GET', 'HEAD');
        await this.#export(response, trace, run);
        return true;
      case '/api/import':
        requireMethod(request, 'POST');
        this.#requireToken(request);
        sendJson(response, await this.#import(request, response));
        return true;
      case '/api/remove':
        requireMethod(request, 'POST');
        this.#requireToken(request);
        this.#remove(trace);
        sendJson(response, {});
        return true;
      default:
        return this.#sendNotFound(request, response);
    }
  }

  /** Whoever typed a wrong address is told by the page, programs by a status alone. */
  #sendNotFound({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
    if (method !== 'GET' || headers['sec-fetch-dest'] !== 'document') return false;
    sendPageFile(response, this.#files.get('/index.html')!, 404);
    return true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, ask: () => unknown): Promise<true> {
    requireMethod(request, 'GET', 'HEAD');
    sendJson(response, await ask());
    return true;
  }

  #session(): object {
    const { links = [], storeName } = this.#options;
    return { version: VERSION, links, storeName, token: this.#token };
  }

  async #export(response: ServerResponse, trace: string, run: string): Promise<void> {
    const view = await this.#inspector.run(trace, run);
    const traces = await this.#inspector.spans(trace, '');
    const html = savePage(this.#files, JSON.stringify({ view, traces }));
    const name = `${fileNameOf(view.planName ?? '')}-${trace.slice(0, 8)}.html`;
    sendFresh(response, 'text/html; charset=utf-8', html, {
      headers: { 'Content-Disposition': `attachment; filename="${name}"`, 'Content-Security-Policy': 'sandbox' },
    });
  }

  async #import(request: IncomingMessage, response: ServerResponse): Promise<object> {
    using claim = this.#budget.claim();
    const body = await readDecompressed(request, response, MAX_IMPORT_BYTES, claim);
    const { spans, faults } = readGiven(body.toString('utf8'));
    this.#take(spans);
    const runs = reconstruct(spans).map((run) => ({ traceId: run.traceId, runSpanId: runSpanIdOf(run) }));
    return { spans: spans.length, faults, runs };
  }

  #remove(trace: string): void {
    if (this.#inspector.remove(trace)) return;
    throw new Refusal(404, 'this trace is not in the store of this Inspector: what a Jaeger keeps is removed there');
  }

  /** A page of another origin cannot send the header, nor read the token. */
  #requireToken({ headers }: IncomingMessage): void {
    const given = Buffer.from(String(headers[TOKEN_HEADER] ?? ''));
    const token = Buffer.from(this.#token);
    if (given.length !== token.length || !timingSafeEqual(given, token))
      throw new Refusal(403, `the header ${TOKEN_HEADER} must hold the token of this Inspector: reload the page`);
  }
}

/** Path and parameters of a request. Nothing is made a URL of: some targets throw there, and others become what they are not. */
function addressOf(target: string): { path: string; parameter: (name: string) => string } {
  const [path = '', query = ''] = target.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  return { path, parameter: (name) => parameters.get(name) ?? '' };
}

/** What of a name every file system takes, and no header is broken by. */
function fileNameOf(name: string): string {
  const safe = name.replaceAll(/[^\w.-]+/g, '-').replace(/^[.-]+/, '');
  return safe.slice(0, 60) || 'run';
}

/** @throws {Refusal} there is nothing in it that can be read */
function readGiven(text: string): ReadTraces {
  try {
    return readTraces(text);
  } catch (error) {
    throw OrchestraceError.isInstance(error) ? new Refusal(400, error.message) : error;
  }
}

function requireMethod({ method = '' }: IncomingMessage, ...allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  throw new Refusal(405, `only ${allowed.join(' or ')} is allowed`, { Allow: allowed.join(', ') });
}
