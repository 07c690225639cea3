/** Where an Inspector is unless it was told otherwise. */
export const INSPECTOR_PORT = 4319;
const URL_OF_INSPECTOR = `http://127.0.0.1:${INSPECTOR_PORT}`;
const PROBE_TIMEOUT_MS = 300;

/** The Inspector that runs on this machine; undefined when none answers within 0.3 s. */
export async function findInspector(): Promise<string | undefined> {
  const session = await ask('/api/session');
  return session !== undefined && Object.hasOwn(session, 'storeName') ? URL_OF_INSPECTOR : undefined;
}

/** Whether that Inspector has a trace: it may keep its traces elsewhere. */
export async function inspectorHas(traceId: string): Promise<boolean> {
  return (await ask(`/api/run?trace=${traceId}`)) !== undefined;
}

async function ask(path: string): Promise<object | undefined> {
  try {
    const response = await fetch(URL_OF_INSPECTOR + path, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const body: unknown = await response.json();
    return response.ok && typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}
