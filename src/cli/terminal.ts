const DEFAULT_WIDTH = 100;
const MIN_WIDTH = 40;
const MAX_WIDTH = 120;

/** Columns to write for: the terminal's or `COLUMNS`, at most 120; 100 where nobody says. */
export function terminalWidth(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): number {
  const columns = Number(env['COLUMNS']) || stream.columns || DEFAULT_WIDTH;
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.floor(columns)));
}

/** Whether to write colours: `FORCE_COLOR` before `NO_COLOR` (as Node decides it), else on a terminal that has some. */
export function terminalHasColor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['NO_COLOR']) return false;
  return stream.isTTY && stream.hasColors();
}
