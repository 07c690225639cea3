import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { billingRun, type Call, type Span } from './billing-runs.ts';

// What happened to the plan `billing` in nights that the tests of the page look at.

/** As usual: 5.2 s. */
export function fineNight(night: number, ms = 5200): ReceivedSpan[] {
  return billingRun({ night, ms });
}

export const RATES_ERROR = 'GET https://rates.example/vat answered 503: upstream connect error';
export const MATCH_ERROR = `duplicate key value violates unique constraint "payments_pkey"
DETAIL: Key (id)=(4711) already exists.`;

/** `rates` gives up after three attempts, then `match` fails on its own; nothing after them runs. */
export function failedNight(night: number): ReceivedSpan[] {
  const skipped = (why: string): { ms: Span; skipped: string } => ({ ms: [1900, 1900], skipped: why });
  return billingRun({
    night,
    version: '2.0.0',
    ms: 1920,
    error: 'failed: rates, match',
    steps: {
      rates: {
        ms: [0, 850],
        error: RATES_ERROR,
        attempts: [
          { ms: [0, 200], error: RATES_ERROR, calls: [getRates([5, 195])] },
          { ms: [300, 500], error: RATES_ERROR, calls: [getRates([305, 495])] },
          { ms: [700, 850], error: RATES_ERROR, calls: [getRates([705, 845])] },
        ],
      },
      match: {
        error: MATCH_ERROR,
        calls: [
          query('SELECT payments', [910, 1590], 'SELECT * FROM payments WHERE customer_id = ANY($1)'),
          { ...query('INSERT payments', [1600, 1895], 'INSERT INTO payments VALUES ($1, $2)'), error: MATCH_ERROR },
        ],
      },
      tax: skipped('dependency failed: match, rates'),
      render: skipped('dependency skipped: tax'),
      send: skipped('dependency skipped: render'),
      archive: skipped('dependency skipped: render'),
    },
  });
}

/** `render` began or did not: nothing of it arrived, and no end of the run. */
export function stuckNight(night: number): ReceivedSpan[] {
  const unseen = { ms: undefined };
  return billingRun({ night, ms: undefined, steps: { render: unseen, send: unseen, archive: unseen } });
}

/** `render` takes ten times as long, most of it in one query. */
export function slowNight(night: number): ReceivedSpan[] {
  const fonts = query('SELECT fonts', [2400, 22_900], 'SELECT * FROM fonts ORDER BY random()');
  return billingRun({
    night,
    ms: 24_200,
    steps: {
      render: { ms: [2300, 23_100], calls: [query('SELECT layouts', [2310, 2380], 'SELECT * FROM layouts'), fonts] },
      send: { ms: [23_100, 24_180] },
      archive: { ms: [23_100, 23_400] },
    },
  });
}

/** For half a minute nothing runs: `match` waits for a slot. */
export function idleNight(night: number): ReceivedSpan[] {
  const later = ([from, to]: Span): { ms: Span } => ({ ms: [from + 30_000, to + 30_000] });
  return billingRun({
    night,
    ms: 35_200,
    steps: {
      match: later([900, 1900]),
      tax: later([1900, 2300]),
      render: later([2300, 4100]),
      send: later([4100, 5180]),
      archive: later([4100, 4400]),
    },
  });
}

/** It succeeds, yet the span of `archive` was lost. */
export function incompleteNight(night: number): ReceivedSpan[] {
  return billingRun({ night, ms: 5200, steps: { archive: { ms: undefined } } });
}

function getRates(ms: Span): Call {
  const attributes = {
    'http.request.method': 'GET',
    'url.full': 'https://rates.example/vat',
    'http.response.status_code': 503,
  };
  return { name: 'GET', ms, attributes, error: '503' };
}

function query(name: string, ms: Span, text: string): Call {
  return { name, ms, attributes: { 'db.system.name': 'postgresql', 'db.query.text': text } };
}
