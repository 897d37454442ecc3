import { type Panel, type Row, rows } from './dashboard-panels.ts';
import type { Prometheus, Series } from './prometheus.ts';

/** Seconds since 1970. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

/** A panel with what a real Prometheus says. */
export interface AnsweredPanel {
  readonly panel: Panel;
  readonly lines: readonly AnsweredLine[];
}

export interface AnsweredLine {
  /** As its legend says. */
  readonly name: string;
  readonly series: Series;
}

export interface AnsweredRow {
  readonly row: Row;
  readonly panels: readonly AnsweredPanel[];
}

/** Asks what every panel of the dashboard asks: graphs over the range, the others at its end. */
export async function askPanels(prometheus: Prometheus, range: TimeRange): Promise<readonly AnsweredRow[]> {
  const answer = async (panel: Panel): Promise<AnsweredPanel> => {
    const lines = panel.queries.map(async ({ expr, legend = '' }) => {
      // Grafana takes four times the pace of scraping, or what one point of a graph stands for.
      const interval = `${Math.max(4, range.stepSeconds)}s`;
      const query = expr.replaceAll('$job', '.+').replaceAll('$__rate_interval', interval);
      const found =
        panel.type === 'timeseries' ? await prometheus.queryRange(query, range) : await prometheus.query(query);
      return found.map((series) => ({ name: legendOf(legend, series), series }));
    });
    return { panel, lines: (await Promise.all(lines)).flat() };
  };
  return Promise.all(rows.map(async (row) => ({ row, panels: await Promise.all(row.panels.map(answer)) })));
}

/** Whether there is any number to draw. */
export function hasData({ lines }: AnsweredPanel): boolean {
  return lines.some(({ series: { value, values } }) =>
    [...(value === undefined ? [] : [value]), ...(values ?? [])].some(([, text]) => Number.isFinite(Number(text))),
  );
}

function legendOf(legend: string, { metric }: Series): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
}
