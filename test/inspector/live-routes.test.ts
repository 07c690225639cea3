import { type IncomingMessage, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handleLive } from '../../src/inspector/live-routes.ts';
import { LiveSpans } from '../../src/inspector/live-spans.ts';
import { type Receiver, startReceiver } from '../../src/inspector/receive.ts';
import { deferred } from '../helpers/spans.ts';
import { nestedBody } from './nested.ts';
import { attribute, envelope, JSON_TYPE, post, SPAN_ID, spanJson, TRACE_ID } from './otlp.ts';

const PROCESS = '0b6cd1f4-7f2c-4b61-9d3a-0e5b1f6f2a10';
const OTHER = '5a1e0f4e-2f55-4a36-8a3a-6f3d0b9c7d21';
const PROCESS_PATH = '/api/live/process';
const SPANS_PATH = '/api/live/spans';

let live: LiveSpans;
let receiver: Receiver;
let changed: ReturnType<typeof deferred<void>>;

beforeEach(async () => {
  live = new LiveSpans({ maxProcesses: 2 });
  changed = deferred();
  live.onChange = () => changed.resolve();
  receiver = await startReceiver({
    requestTimeoutMs: 300,
    onSpans: (spans) => live.end(spans),
    handle: (request, response) => handleLive(request, response, request.url ?? '', live),
  });
});
afterEach(async () => {
  live[Symbol.dispose]();
  await receiver.close();
});

const started = (...spans: object[]): object => envelope(...spans.map((span) => ({ ...span, endTimeUnixNano: '0' })));
const postJson = (path: string, body: unknown, headers?: Record<string, string>): ReturnType<typeof post> =>
  post(receiver.port, JSON.stringify(body), headers, path);

/** Connects as a process does: settles with the answer, which stays open. */
async function open(process: string): Promise<IncomingMessage> {
  const request = httpRequest({ port: receiver.port, host: '127.0.0.1', path: PROCESS_PATH, method: 'POST' });
  request.setHeader('Content-Type', JSON_TYPE).on('error', () => {});
  request.end(JSON.stringify({ process }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

function openNames(): string[] {
  return live.openSpans(TRACE_ID).map(({ span, isInterrupted }) => (isInterrupted ? '!' : '') + span.name);
}

describe('a process that is connected', () => {
  it('is answered at once, and the answer stays open', async () => {
    const response = await open(PROCESS);
    expect([response.statusCode, response.headers['content-type'], response.complete]).toEqual([200, JSON_TYPE, false]);
  });

  it('tells what it started', async () => {
    await open(PROCESS);
    const span = spanJson({ attributes: [attribute('orchestration.span.type', { stringValue: 'step' })] });
    const answer = await postJson(SPANS_PATH, { process: PROCESS, traces: started(span) });
    expect(answer).toEqual({ status: 200, type: JSON_TYPE, body: {} });
    const [{ span: told, isInterrupted }] = live.openSpans(TRACE_ID) as [ReturnType<LiveSpans['openSpans']>[number]];
    expect(told).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID, name: 'work', endNs: 0n });
    expect(told.attributes.get('orchestration.span.type')).toBe('step');
    expect(isInterrupted).toBe(false);
  });

  it('has it ended by OTLP', async () => {
    await open(PROCESS);
    await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) });
    await postJson('/v1/traces', envelope(spanJson()));
    expect(openNames()).toEqual([]);
  });

  it('is told of spans that cannot be read; the others are taken', async () => {
    await open(PROCESS);
    const bad = spanJson({ spanId: 'xyz', name: 'bad' });
    const { body } = await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson(), bad) });
    expect(body).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: 'span "bad": spanId is not an id of 16 hex digits',
      },
    });
    expect(openNames()).toEqual(['work']);
  });

  it.each([0, 99, 60_001, '1000', null])('cannot promise to be heard of every %j milliseconds', async (beat_ms) => {
    const answer = await postJson(PROCESS_PATH, { process: PROCESS, beat_ms });
    expect(answer).toMatchObject({ status: 400, body: { message: 'beat_ms: expected a number from 100 to 60000' } });
  });

  it('is dead when its connection breaks', async () => {
    const response = await open(PROCESS);
    await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) });
    changed = deferred();
    response.destroy();
    await changed.promise;
    expect(openNames()).toEqual(['!work']);
  });

  it('is dead when it closes its connection in an orderly way, too', async () => {
    const socket = connect(receiver.port, '127.0.0.1');
    const body = JSON.stringify({ process: PROCESS });
    const head = `POST ${PROCESS_PATH} HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: ${JSON_TYPE}\r\n`;
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'data');
    await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) });
    changed = deferred();
    socket.end();
    await changed.promise;
    expect(openNames()).toEqual(['!work']);
    socket.destroy();
  });

  it('may say goodbye: that is no interruption', async () => {
    const response = await open(PROCESS);
    await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) });
    const goodbye = await postJson(PROCESS_PATH, { process: PROCESS.toUpperCase(), bye: true });
    expect(goodbye).toEqual({ status: 200, type: JSON_TYPE, body: {} });
    expect(openNames()).toEqual([]);
    response.destroy();
  });

  it('stays connected for longer than a request may take', async () => {
    const response = await open(PROCESS);
    await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) });
    // A request that does not arrive is given up: then the time that one may take is over.
    const slow = connect(receiver.port, '127.0.0.1');
    slow.write(`POST ${SPANS_PATH} HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Length: 9\r\n\r\n`);
    await once(slow.resume(), 'close');
    expect(openNames()).toEqual(['work']);
    expect(response.closed).toBe(false);
  });

  it('keeps no receiver from closing, which lets its answer end', async () => {
    const response = await open(PROCESS);
    const ended = once(response.resume(), 'end');
    live[Symbol.dispose]();
    await receiver.close();
    await ended;
    expect(response.complete).toBe(true);
  });
});

describe('what is refused', () => {
  it('is a process that is not connected', async () => {
    const message = 'this process is not connected: it has to POST to /api/live/process first';
    expect(await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) })).toMatchObject({
      status: 409,
      body: { message },
    });
    expect(openNames()).toEqual([]);
  });

  it('is one process too many, until one leaves', async () => {
    const [first] = [await open(PROCESS), await open(OTHER)];
    const third = '00000000-0000-4000-8000-000000000000';
    expect(await postJson(PROCESS_PATH, { process: third })).toEqual({
      status: 503,
      type: JSON_TYPE,
      body: { code: 14, message: 'too many processes are connected' },
      retryAfter: '1',
    });
    await postJson(SPANS_PATH, { process: PROCESS, traces: started(spanJson()) });
    changed = deferred();
    first.destroy();
    await changed.promise;
    expect((await open(third)).statusCode).toBe(200);
  });

  it.each<[string, unknown, number, string]>([
    ['no object', [], 400, 'the body: expected an object'],
    ['no process', { traces: {} }, 400, 'process: expected a UUID'],
    ['another process', { process: 'me', traces: {} }, 400, 'process: expected a UUID'],
    ['a number', { process: 1, traces: {} }, 400, 'process: expected a UUID'],
    ['no traces', { process: PROCESS }, 400, 'traces: the body: expected an object'],
    ['other traces', { process: PROCESS, traces: { resourceSpans: 1 } }, 400, 'traces: resourceSpans: expected a list'],
    [
      'a value that is nested too deep',
      { process: PROCESS, traces: JSON.parse(nestedBody('arrayValue', 65, JSON_TYPE).toString()) },
      400,
      'traces: an attribute is nested deeper than 64 levels',
    ],
  ])('is %s', async (_, body, status, message) => {
    await open(PROCESS);
    expect(await postJson(SPANS_PATH, body)).toMatchObject({ status, type: JSON_TYPE, body: { message } });
    expect(live.traces()).toEqual([]);
  });

  it.each([PROCESS_PATH, SPANS_PATH])('is a body that is no JSON, or not in UTF-8: %s', async (path) => {
    for (const body of ['', '{', Buffer.from([0x22, 0xff, 0x22])])
      expect(await post(receiver.port, body, {}, path)).toMatchObject({
        status: 400,
        body: { message: 'the body is not JSON in UTF-8' },
      });
  });

  it.each([PROCESS_PATH, SPANS_PATH])('is another encoding: %s', async (path) => {
    const body = { process: PROCESS, traces: {} };
    for (const type of ['', 'text/plain', 'application/x-protobuf', 'application/json; charset=latin1'])
      expect(await postJson(path, body, { 'Content-Type': type })).toMatchObject({ status: 415 });
    expect(await postJson(path, body, { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 415 });
  });

  it('is nothing of JSON in UTF-8 that says so', async () => {
    await open(PROCESS);
    const body = { process: PROCESS, traces: started(spanJson()) };
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])
      expect(await postJson(SPANS_PATH, body, { 'Content-Type': type })).toMatchObject({ status: 200 });
  });

  it.each([PROCESS_PATH, SPANS_PATH])('is a body of more than a megabyte: %s', async (path) => {
    const body = { process: PROCESS, traces: {}, more: 'x'.repeat(1024 * 1024) };
    expect(await postJson(path, body)).toMatchObject({
      status: 413,
      body: { message: 'the body is larger than 1048576 bytes' },
    });
  });

  it.each([PROCESS_PATH, SPANS_PATH])('is another method: %s', async (path) => {
    const response = await fetch(receiver.url + path);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is a web page', async () => {
    const body = { process: PROCESS };
    expect(await postJson(PROCESS_PATH, body, { Origin: 'https://evil.test' })).toMatchObject({ status: 403 });
    expect(await postJson(PROCESS_PATH, body, { Host: 'evil.test' })).toMatchObject({ status: 403 });
  });

  it('is what is at no path of these', async () => {
    expect(await postJson('/api/live/other', {})).toMatchObject({ status: 404 });
  });
});
