import { environmentText, isHttpUrl, tracesUrl } from './endpoint.ts';

const VARIABLE = 'ORCHESTRACE_INSPECTOR_URL';
const OFF = 'off';

/**
 * The base URL of the Inspector that a caller names; undefined for none, which an empty text is too.
 *
 * @throws {TypeError} it is no URL
 */
export function parseInspectorUrl(option: unknown): string | undefined {
  if (option === undefined || option === '') return undefined;
  if (isHttpUrl(option)) return option;
  throw new TypeError(whatUrl('option inspectorUrl', option));
}

/** The base URL of the Inspector that the environment names; `off` is none, one that cannot be used is told and left out of account. */
export function environmentInspectorUrl(onWarning: (message: string) => void): string | undefined {
  const text = environmentText(process.env, VARIABLE);
  if (text === OFF) return undefined;
  if (text === undefined || isHttpUrl(text)) return text;
  onWarning(`${whatUrl(VARIABLE, text)}; it is left out of account`);
  return undefined;
}

/** Whether what is sent to a URL over OTLP arrives at this Inspector. */
export function leadsToInspector(url: string, inspectorUrl: string): boolean {
  return url === tracesUrl(inspectorUrl, 'http/json');
}

function whatUrl(name: string, got: unknown): string {
  return `${name} must be a URL such as http://127.0.0.1:4319, got ${JSON.stringify(got)}`;
}
