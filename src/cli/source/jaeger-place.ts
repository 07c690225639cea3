import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import { JaegerClient } from '../../inspector/jaeger.ts';
import { jaegerAddress } from '../../inspector/jaeger-http.ts';
import { usageError } from '../command.ts';
import { messageOf } from '../say-fault.ts';
import type { Place, RecentTrace } from './place.ts';

const DEFAULT_URL = 'http://127.0.0.1:16686';
const PROBE_TIMEOUT_MS = 300;
/** Most runs that a search looks back to. */
const MAX_RUNS = 100;
const LOOKBACK_MS = 7 * 24 * 60 * 60 * 1_000;

/** A Jaeger, as far as its storage reaches; runs are looked for in the last week. */
export class JaegerPlace implements Place {
  readonly name: string;
  readonly #client: JaegerClient;

  /**
   * @param headers as `--header` has them, e.g. `Authorization: Bearer abc`
   * @throws {OrchestraceError} code `USAGE_INVALID`: the URL or a header cannot be used
   */
  constructor(url: string, headers: readonly string[], onWarning: (message: string) => void) {
    this.name = `Jaeger at ${url}`;
    this.#client = new JaegerClient(url, { headers: parseHeaders(headers), onWarning });
  }

  trace(traceId: string, signal: AbortSignal): Promise<readonly ReceivedSpan[]> {
    return this.#client.trace(traceId, signal);
  }

  /** Of recent runs alone: Jaeger takes whole ids. */
  async idsFrom(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    const recent = await this.recent(undefined, signal);
    return recent.flatMap(({ traceId }) => (traceId.startsWith(prefix) ? traceId : []));
  }

  async recent(plan: string | undefined, signal: AbortSignal): Promise<readonly RecentTrace[]> {
    const runs = await this.#client.recentRuns({ plan, limit: MAX_RUNS, lookbackMs: LOOKBACK_MS }, signal);
    return runs.map(({ traceId, startNs, planName }) => ({
      traceId,
      startNs,
      planNames: planName === undefined ? [] : [planName],
    }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * The Jaeger that is asked, and linked to, where none is named: that of ORCHESTRACE_JAEGER_URL, else that of docker-compose.yml.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: that of the environment cannot be used
 */
export function defaultJaegerUrl(env: NodeJS.ProcessEnv): string {
  const given = env['ORCHESTRACE_JAEGER_URL']?.trim();
  if (!given) return DEFAULT_URL;
  try {
    return jaegerAddress(given);
  } catch (error) {
    throw usageError(`ORCHESTRACE_JAEGER_URL: ${messageOf(error)}`);
  }
}

/** Whether anything answers within 0.3 s. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, timeout]) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** @param lines as `--header` has them, e.g. `Authorization: Bearer abc` */
export function parseHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      // What was given is not repeated: it may be a secret.
      if (colon < 1) throw usageError("--header must be 'Name: value', e.g. --header 'Authorization: Bearer abc'");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
