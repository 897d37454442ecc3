import type { OperatorProcess } from '../../lab/operator-process.ts';

/** The sum of a metric's values over all series with these labels. */
export async function metric(
  operator: OperatorProcess,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(operator.metricsUrl)).text();
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, found, inner = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name || !Object.entries(labels).every(([key, wanted]) => inner.includes(`${key}="${wanted}"`)))
      continue;
    sum += Number(value);
  }
  return sum;
}
