import type { CompareView } from '../view/compare-view.ts';
import type { RunList, RunView } from '../view/run-view.ts';
import type { OtlpTraces } from './otlp-json.ts';
import type { Imported, Session, Source } from './source.ts';

/** How long until a connection that was refused is tried again. */
const RECONNECT_MS = 2000;
const FORBIDDEN = 403;

/** The server that gave this page. */
export class ServerSource implements Source {
  #session: Promise<Session> | undefined;

  session(): Promise<Session> {
    this.#session ??= get<Session>('/api/session').catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  runs(): Promise<RunList> {
    return get('/api/runs');
  }

  run(trace: string, run: string): Promise<RunView> {
    return get('/api/run', { trace, run });
  }

  compare(trace: string, run: string, other: string): Promise<CompareView> {
    return get('/api/compare', { trace, run, with: other });
  }

  spans(trace: string, under = ''): Promise<OtlpTraces> {
    return get('/api/spans', { trace, under });
  }

  importTraces(text: string): Promise<Imported> {
    return this.#post('/api/import', text, 'text/plain');
  }

  async remove(traceId: string): Promise<void> {
    await this.#post(`/api/remove?trace=${traceId}`, '', 'application/json');
  }

  /** A hidden page holds no connection: browsers have six of them for all pages of a server. */
  watch(onChange: (traceId: string | undefined) => void, onState: (isConnected: boolean) => void): () => void {
    let events: EventSource | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let hasMissed = false;
    const close = (): void => {
      clearTimeout(retry);
      events?.close();
      events = undefined;
      hasMissed = true;
    };
    const open = (): void => {
      const opened = new EventSource('/api/events');
      events = opened;
      opened.addEventListener('open', () => {
        onState(true);
        if (hasMissed) onChange(undefined);
        hasMissed = false;
      });
      opened.addEventListener('trace', ({ data }: MessageEvent<string>) => {
        onChange((JSON.parse(data) as { traceId: string }).traceId || undefined);
      });
      opened.addEventListener('error', () => {
        hasMissed = true;
        onState(false);
        // Else the browser tries again by itself.
        if (opened.readyState === EventSource.CLOSED) retry = setTimeout(open, RECONNECT_MS);
      });
    };
    const followVisibility = (): void => {
      close();
      if (!document.hidden) open();
    };
    if (!document.hidden) open();
    document.addEventListener('visibilitychange', followVisibility);
    return () => {
      document.removeEventListener('visibilitychange', followVisibility);
      close();
    };
  }

  async #post<T>(path: string, body: string, type: string): Promise<T> {
    const post = async (): Promise<Response> => {
      const { token } = await this.session();
      const headers = { 'content-type': type, 'x-orchestrace-token': token };
      return send(path, { method: 'POST', body, headers });
    };
    const response = await post();
    if (response.status !== FORBIDDEN) return answerOf(response);
    // An Inspector that was started again has another token.
    this.#session = undefined;
    return answerOf(await post());
  }
}

async function get<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== '')).toString();
  return answerOf(await send(query === '' ? path : `${path}?${query}`));
}

async function send(path: string, request?: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request);
  } catch {
    throw new Error('The Inspector does not answer. Start it again with: npx orchestrace inspect');
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  if (response.ok) return response.json() as Promise<T>;
  const { message } = (await response.json().catch(() => ({}))) as { message?: string };
  throw new Error(
    message
      ? `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, '')}.`
      : `The Inspector answered ${response.status}. Reload the page, or see what it printed.`,
  );
}
