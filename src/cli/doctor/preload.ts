// Loaded by `orchestrace doctor -- COMMAND` into every Node process of the command. Whatever fails here must not reach the command.
try {
  const { watchProcess } = await import('./watch-process.ts');
  watchProcess();
} catch {
  // No report then, and the doctor says so.
}
