import { environmentText, isHttpUrl, tracesUrl } from './endpoint.ts';

const VARIABLE = 'ORCHESTRACE_INSPECTOR_URL';
/** Stands for no Inspector. */
export const NO_INSPECTOR = 'off';

/**
 * The base URL of the Inspector that a caller names, or {@link NO_INSPECTOR}; undefined for an empty text as well.
 *
 * @throws {TypeError} it is no URL
 */
export function parseInspectorUrl(option: unknown): string | undefined {
  if (option === undefined || option === '') return undefined;
  if (option === NO_INSPECTOR || isHttpUrl(option)) return option;
  throw new TypeError(whatUrl('option inspectorUrl', option));
}

/** The base URL of the Inspector that the environment names, or {@link NO_INSPECTOR}, which one that cannot be used counts as, and that is told. */
export function environmentInspectorUrl(
  env: Readonly<Record<string, string | undefined>>,
  onWarning: (message: string) => void,
): string | undefined {
  const text = environmentText(env, VARIABLE);
  if (text === undefined || text === NO_INSPECTOR || isHttpUrl(text)) return text;
  onWarning(`${whatUrl(VARIABLE, text)}; it is left out of account`);
  return NO_INSPECTOR;
}

/** Whether what is sent to a URL over OTLP arrives at this Inspector. */
export function leadsToInspector(url: string, inspectorUrl: string): boolean {
  return url === tracesUrl(inspectorUrl, 'http/json');
}

function whatUrl(name: string, got: unknown): string {
  return `${name} must be a URL such as http://127.0.0.1:4319, got ${JSON.stringify(got)}`;
}
