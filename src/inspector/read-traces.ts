import { OrchestraceError } from '../errors.ts';
import { asRecord } from '../explain/read/read-attributes.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { decodeJaegerJson } from './decode-jaeger.ts';
import { type DecodedTraces, DecodeError, decodeTracesJson } from './decode-json.ts';

/** Most faults that are spelled out; of the others only their number is told. */
const MAX_FAULTS = 100;
const EXPECTED = "expected OTLP JSON (one object, a list of them, or one a line) or Jaeger's JSON";

/** What a file of traces held. */
export interface ReadTraces {
  readonly spans: ReceivedSpan[];
  /** What could not be read, a sentence each that names the line. Everything else is in `spans`. */
  readonly faults: string[];
}

/**
 * Reads the text of a file of traces: OTLP JSON as one object, a list, or an object a line; Jaeger's `{"data":[...]}`, and the answers of
 * its API v3, `{"result":{"resourceSpans":[...]}}`. Goes line by line, so that a line that is bad or was cut costs nothing but itself.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: there is nothing in it that can be read; the message says what was expected
 */
export function readTraces(text: string): ReadTraces {
  const reader = new Reader();
  let isFirst = true;
  for (const [number, line] of linesOf(text)) {
    const parsed = parse(line);
    // The first line of a value over several lines is none itself. Among lines of values, the text as a whole stops being JSON where the
    // second begins: not much of it is parsed in vain.
    const whole = isFirst && !parsed ? parse(withoutMark(text)) : undefined;
    isFirst = false;
    if (whole) {
      reader.read(whole.value, `line ${number}`);
      break;
    }
    if (parsed) reader.read(parsed.value, `line ${number}`);
    else reader.reject(number, line);
  }
  return reader.end(text);
}

class Reader {
  readonly #spans: ReceivedSpan[] = [];
  readonly #faults: string[] = [];
  #omittedFaults = 0;
  #hasRead = false;

  /** Notes a line that is not JSON. */
  reject(number: number, line: string): void {
    const last = line.trimEnd().at(-1);
    this.#fault(`line ${number} ${last === '}' || last === ']' ? 'is not JSON' : 'is not JSON, or was cut short'}`);
  }

  /** Takes one value; of a list, each. */
  read(value: unknown, at: string): void {
    if (!Array.isArray(value)) return this.#readEnvelope(value, at);
    this.#hasRead ||= value.length === 0;
    for (const [i, item] of value.entries()) this.#readEnvelope(item, `${at}, item ${i + 1}`);
  }

  end(text: string): ReadTraces {
    if (!this.#hasRead) {
      const found = this.#faults[0] ?? (text === '' ? 'it is empty' : 'there is nothing but blank lines');
      throw new OrchestraceError('USAGE_INVALID', `no traces: ${EXPECTED}; ${found}`);
    }
    const { length } = this.#faults;
    const omitted = this.#omittedFaults === 0 ? [] : [`${this.#omittedFaults} more faults after these ${length}`];
    return { spans: this.#spans, faults: [...this.#faults, ...omitted] };
  }

  #readEnvelope(value: unknown, at: string): void {
    try {
      const { spans, rejectedSpans, reason } = decodeEnvelope(value);
      this.#hasRead = true;
      for (const span of spans) this.#spans.push(span);
      if (rejectedSpans > 0) {
        this.#fault(`${at}: ${rejectedSpans} span${rejectedSpans === 1 ? ' was' : 's were'} left out: ${reason ?? ''}`);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fault(`${at} cannot be read: ${error.message}`);
    }
  }

  #fault(fault: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(fault);
    else this.#omittedFaults++;
  }
}

function decodeEnvelope(value: unknown): DecodedTraces {
  const envelope = asRecord(value);
  if (envelope.resourceSpans !== undefined) return decodeTracesJson(envelope);
  if (envelope.result !== undefined) return decodeTracesJson(envelope.result);
  if (envelope.data !== undefined) return decodeJaegerJson(envelope);
  throw new DecodeError('expected an object with resourceSpans, data or result');
}

/** Undefined for what is not JSON. */
function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The lines that are not blank, with their numbers. */
function* linesOf(text: string): Generator<[number: number, line: string], void, undefined> {
  let number = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end === -1 ? text.length : end);
    number++;
    if (line.trim() !== '') yield [number, number === 1 ? withoutMark(line) : line];
    start = end === -1 ? text.length : end + 1;
  }
}

/** Without the byte order mark that some editors put first. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
