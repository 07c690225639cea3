import { environmentInspectorUrl, NO_INSPECTOR } from '../node/inspector-url.ts';

/** Where an Inspector is unless it was told otherwise. */
export const INSPECTOR_PORT = 4319;
const PROBE_TIMEOUT_MS = 300;
/** A long run takes a moment to be described. */
const RUN_TIMEOUT_MS = 3000;

/**
 * The base URL of the Inspector that ORCHESTRACE_INSPECTOR_URL names, which may be about to start, else of the one at the usual place, if it answers within 0.3 s.
 *
 * @param onWarning told why one that is named cannot be used
 * @returns undefined where there is none, or none is wanted
 */
export async function findInspector(
  env: NodeJS.ProcessEnv,
  onWarning: (message: string) => void,
): Promise<string | undefined> {
  const named = environmentInspectorUrl(env, onWarning);
  if (named === NO_INSPECTOR) return undefined;
  const url = (named ?? `http://127.0.0.1:${INSPECTOR_PORT}`).replace(/\/+$/, '');
  const session = await ask(`${url}/api/session`, PROBE_TIMEOUT_MS);
  if (session === undefined) return named && url;
  if (isSession(session)) return url;
  if (named !== undefined) onWarning(`what answers at ${url} is no Inspector: it is told nothing`);
  return undefined;
}

/** Whether an Inspector answers at a port of this machine. */
export async function isInspector(port: number): Promise<boolean> {
  const session = await ask(`http://127.0.0.1:${port}/api/session`, PROBE_TIMEOUT_MS);
  return isSession(session);
}

/**
 * The address of the page of a run.
 *
 * @param inspectorUrl as {@link findInspector} gives it
 * @returns undefined when no Inspector has the run
 */
export async function pageOfRun(inspectorUrl: string | undefined, traceId: string): Promise<string | undefined> {
  if (inspectorUrl === undefined) return undefined;
  const run = await ask(`${inspectorUrl}/api/run?trace=${traceId}`, RUN_TIMEOUT_MS);
  return run ? `${inspectorUrl}/run/${traceId}` : undefined;
}

/** Whether it is what an Inspector answers, and nothing else. */
function isSession(answer: object | null | undefined): boolean {
  return answer !== null && answer !== undefined && Object.hasOwn(answer, 'storeName');
}

/** The object that is answered; null for another answer, undefined for none. */
async function ask(url: string, timeoutMs: number): Promise<object | null | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await response.json().catch(() => null);
    return response.ok && typeof body === 'object' ? body : null;
  } catch {
    return undefined;
  }
}
