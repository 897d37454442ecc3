import type { Panel } from './dashboard-panels.ts';

const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** A number as Grafana would show it in one of its units. */
export function inUnit(value: number, unit: Panel['unit']): string {
  if (!Number.isFinite(value)) return 'No data';
  switch (unit) {
    case 'short':
      return short.format(value);
    case 'percentunit':
      return `${short.format(value * 100)} %`;
    case 'ops':
      return `${short.format(value)}/s`;
    case 'bytes':
      return `${short.format(value / 1024 ** 2)} MiB`;
    case 's':
      return value < 1 ? `${short.format(value * 1000)} ms` : `${short.format(value)} s`;
    case 'dtdurations':
      return duration(value);
  }
}

/** How much one of the shown unit is, where values as large as `highest` are shown. */
export function unitBase(highest: number, unit: Panel['unit']): number {
  if (unit === 'bytes') return 1024 ** 2;
  return unit === 'dtdurations' ? (lengths.find(([, length]) => highest >= length)?.[1] ?? 1) : 1;
}

const lengths = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

function duration(seconds: number): string {
  const [name, length] = lengths.find(([, one]) => seconds >= one) ?? ['s', 1];
  return `${short.format(seconds / length)} ${name}`;
}
