import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzip } from 'node:zlib';
import { comeAgain, Refusal } from './answer.ts';

/** Memory for the bodies of all requests that are under way: what goes beyond it is to come again. */
export class BodyBudget {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** What one request takes, until it is disposed. */
  claim(): BodyClaim {
    let taken = 0;
    return {
      take: (bytes) => {
        if (bytes > this.#free) throw comeAgain('too many requests are under way');
        this.#free -= bytes;
        taken += bytes;
      },
      [Symbol.dispose]: () => {
        this.#free += taken;
        taken = 0;
      },
    };
  }
}

export interface BodyClaim extends Disposable {
  /** @throws {Refusal} there is not so much left */
  take(bytes: number): void;
}

/**
 * Reads a body as it was sent. One that is too large is refused at once; the rest of it is read past, so that the sender gets to see the
 * answer.
 *
 * @throws {Refusal} it is larger than `maxBytes` or than what is left, or breaks off
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  claim: BodyClaim,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): Refusal => new Refusal(413, `the body is larger than ${maxBytes} bytes`);
    if (Number(request.headers['content-length']) > maxBytes) return reject(tooLarge());
    let chunks: Buffer[] | undefined = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      if (!chunks) return;
      try {
        bytes += chunk.length;
        if (bytes > maxBytes) throw tooLarge();
        claim.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        chunks = undefined;
        reject(error);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks ?? [])));
    const breakOff = (): void => reject(new Refusal(400, 'the body broke off'));
    request.on('error', breakOff);
    response.on('close', breakOff); // a request that was answered before it had come says nothing more itself
  });
}

/**
 * Reads a body that may be gzip.
 *
 * @throws {Refusal} it is anything else, or larger than `maxBytes` or than what is left, as sent or decompressed; or it breaks off
 */
export async function readDecompressed(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  claim: BodyClaim,
): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.toLowerCase() || 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') throw new Refusal(415, 'Content-Encoding must be gzip or none');
  const sent = await readBody(request, response, maxBytes, claim);
  return encoding === 'gzip' ? decompress(sent, maxBytes, claim) : sent;
}

async function decompress(body: Buffer, maxBytes: number, claim: BodyClaim): Promise<Buffer> {
  const data = await new Promise<Buffer>((resolve, reject) => {
    gunzip(body, { maxOutputLength: maxBytes }, (error: NodeJS.ErrnoException | null, data) => {
      if (!error) resolve(data);
      else if (error.code === 'ERR_BUFFER_TOO_LARGE') {
        reject(new Refusal(413, `the decompressed body is larger than ${maxBytes} bytes`));
      } else reject(new Refusal(400, 'the body is not gzip'));
    });
  });
  claim.take(data.length);
  return data;
}
