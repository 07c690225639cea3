import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { OrchestraceError } from '../errors.ts';
import { sendFresh } from './send.ts';

/** A file of the page, held in memory. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** The files of the page, by the path at which they are served. There are no others: no path of a request ever reaches the file system. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** In the package beside this file; in the sources where `npm run build` puts it. */
const FOLDERS = [new URL('./page/', import.meta.url), new URL('../../dist/inspector/page/', import.meta.url)];
const FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'layout-worker.js': 'text/javascript; charset=utf-8',
};

/** What the page may do: load its own files and ask its own server, nothing else. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** @throws {OrchestraceError} code `USAGE_INVALID`: it was not built */
export function readPageFiles(): PageFiles {
  for (const folder of FOLDERS) {
    const files = Object.entries(FILES).flatMap(([name, type]) => {
      const body = readIfThere(new URL(name, folder));
      return body ? [[`/${name}`, { type, body }] as const] : [];
    });
    if (files.length === Object.keys(FILES).length) return new Map(files);
  }
  throw new OrchestraceError('USAGE_INVALID', 'the page of the Inspector was not built: npm run build');
}

function readIfThere(file: URL): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

export function sendPageFile(response: ServerResponse, { type, body }: PageFile, status = 200): void {
  const headers = { 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Referrer-Policy': 'no-referrer' };
  sendFresh(response, type, body, { status, headers });
}

/**
 * The page and one run in a single HTML file, which works from disk and can load nothing.
 *
 * @param saved what the page needs to know of the run, as JSON
 */
export function savePage(files: PageFiles, saved: string): string {
  const text = (path: string): string => files.get(path)!.body.toString('utf8');
  const style = text('/page.css');
  const script = text('/page.js').replaceAll('</script', '<\\/script');
  const worker = text('/layout-worker.js').replaceAll('</script', '<\\/script');
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inspector</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<script type="application/octet-stream" id="saved-run">${gzipSync(saved).toString('base64')}</script>
<script type="text/plain" id="layout-worker">${worker}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
