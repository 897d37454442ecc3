import type { Metric } from 'prom-client';

/** A metric's values by the values of its labels, as in `RbdPool Ready True`. */
export async function series(metric: Pick<Metric, 'get'>): Promise<Readonly<Record<string, number>>> {
  const { values } = await metric.get();
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}
