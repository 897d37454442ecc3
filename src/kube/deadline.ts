/**
 * The work's own result; but when the signal is aborted and the work does not end within the grace, its reason is
 * thrown. So code that ignores its signal cannot hold a worker for ever.
 */
export async function within<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => giveUp(signal.reason), graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
