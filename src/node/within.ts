/** Waits for work, but not longer than `milliseconds`; what it throws is not passed on. Keeps the process until then. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => {}), tooLate]);
  clearTimeout(timer);
}
