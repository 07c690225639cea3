/** Where an Inspector is unless it was told otherwise. */
export const INSPECTOR_PORT = 4319;
/** As `startTracing` reads it. */
const VARIABLE = 'ORCHESTRACE_INSPECTOR_URL';
const OFF = 'off';
const PROBE_TIMEOUT_MS = 300;
/** A long run takes a moment to be described. */
const RUN_TIMEOUT_MS = 3000;

/**
 * The base URL of the Inspector that ORCHESTRACE_INSPECTOR_URL names, else of the one at the usual place.
 *
 * @returns undefined when it does not answer within 0.3 s, or is not wanted
 */
export async function findInspector(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const given = env[VARIABLE]?.trim();
  if (given === OFF) return undefined;
  const url = (given || `http://127.0.0.1:${INSPECTOR_PORT}`).replace(/\/+$/, '');
  const session = await ask(`${url}/api/session`, PROBE_TIMEOUT_MS);
  return session !== undefined && Object.hasOwn(session, 'storeName') ? url : undefined;
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
  return run && `${inspectorUrl}/run/${traceId}`;
}

async function ask(url: string, timeoutMs: number): Promise<object | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = await response.json();
    return response.ok && typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}
