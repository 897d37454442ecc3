/**
 * Says what takes long: `work` is named on stderr when it has run for a second, and again with its time when it is done.
 * What is quick stays silent.
 */
export async function progress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  const elapsed = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
  let shown = false;
  const announce = setTimeout(() => {
    shown = true;
    process.stderr.write(`· ${what} …\n`);
  }, 1000);
  const remind = setInterval(() => process.stderr.write(`  ${what}: ${elapsed()} …\n`), 30_000);
  try {
    const result = await work();
    if (shown) process.stderr.write(`✓ ${what} (${elapsed()})\n`);
    return result;
  } catch (error) {
    if (shown) process.stderr.write(`✗ ${what} (${elapsed()})\n`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(remind);
  }
}
