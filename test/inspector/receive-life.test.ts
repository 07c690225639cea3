import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { startReceiver } from '../../src/inspector/receive.ts';
import { deferred } from '../helpers/spans.ts';
import { encode, envelope, JSON_TYPE, post, raw, spanJson } from './otlp.ts';

// How it listens and closes, each test with a receiver of its own: closing may take its time. R numbers: see receive.test.ts.

const BODY = encode(envelope(spanJson()), JSON_TYPE);
const unreachable = (): never => expect.unreachable();

describe.concurrent('the life of a receiver', () => {
  it('listens on 127.0.0.1 only', async () => {
    await using receiver = await startReceiver({ onSpans: unreachable });
    expect(receiver.url).toBe(`http://127.0.0.1:${receiver.port}`);
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address } of addresses.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
      await expect(raw('', receiver.port, address)).rejects.toThrow('ECONNREFUSED');
    }
  });

  it('says in one line that the port is taken (R89, R91)', async () => {
    await using receiver = await startReceiver({ onSpans: unreachable });
    await expect(startReceiver({ port: receiver.port, onSpans: unreachable })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: `cannot listen on 127.0.0.1:${receiver.port}: it is in use`,
    });
    expect((await post(receiver.port, '{}')).status).toBe(200);
  });

  it('closes, twice as well, with a client that keeps its connection open', async () => {
    const receiver = await startReceiver({ onSpans: unreachable });
    const idle = connect(receiver.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    await Promise.all([receiver.close(), receiver.close()]);
    await receiver[Symbol.asyncDispose]();
    await expect(post(receiver.port, '{}')).rejects.toThrow('ECONNREFUSED');
    idle.destroy();
  });

  it('lets a request under way finish, and hands nothing over after it (R90)', async () => {
    const received: ReceivedSpan[] = [];
    const reached = deferred();
    const released = deferred();
    const receiver = await startReceiver({
      onSpans: async (spans) => {
        reached.resolve();
        await released.promise;
        received.push(...spans);
      },
    });
    const answer = post(receiver.port, BODY);
    await reached.promise;
    const closed = receiver.close();
    released.resolve();
    expect((await answer).status).toBe(200);
    await closed;
    expect(received).toHaveLength(1);
  });

  it('hands nothing over of a request that it cuts off because it closes (R90)', async () => {
    const received: ReceivedSpan[] = [];
    const receiver = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    const head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: application/json\r\n`;
    const cut = raw(`${head}Content-Length: 1000\r\n\r\n{"resource`, receiver.port);
    expect((await post(receiver.port, '{}')).status).toBe(200); // the other one has been seen by now
    await receiver.close();
    expect(await cut.catch(() => '')).not.toContain('200 OK');
    expect(received).toEqual([]);
  });

  it('asks to come again when four of the largest bodies are under way (R92)', async () => {
    let taking = 0;
    const four = deferred();
    const released = deferred();
    await using receiver = await startReceiver({
      maxBodyBytes: 1_000,
      onSpans: () => {
        if (++taking === 4) four.resolve();
        return released.promise;
      },
    });
    const padded = Buffer.concat([BODY, Buffer.alloc(1_000 - BODY.length, ' ')]);
    const answers = Array.from({ length: 4 }, () => post(receiver.port, padded));
    await four.promise;
    expect(await post(receiver.port, padded)).toEqual({
      status: 503,
      type: JSON_TYPE,
      body: { code: 14, message: 'too many requests are under way' },
      retryAfter: '1',
    });
    released.resolve();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await post(receiver.port, padded)).status).toBe(200);
  });
});
