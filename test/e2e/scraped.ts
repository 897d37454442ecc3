import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../lab/cache.ts';
import { askPanels, hasData, type TimeRange } from '../../lab/dashboard-answers.ts';
import { drawDashboard } from '../../lab/dashboard-picture.ts';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { type Prometheus, startPrometheus } from '../../lab/prometheus.ts';

/** A Prometheus that scrapes an operator, and whose alerts wait for two seconds where the chart's wait for minutes. */
export async function scrape(operator: OperatorProcess): Promise<Prometheus> {
  const rules = await readFile(join(projectRoot, 'charts/ceph-openstack-operator/files/alerts.yaml'), 'utf8');
  const hasty = rules.replaceAll(/^( +for:) \d+[mh]$/gm, '$1 2s');
  return startPrometheus({ targets: [new URL(operator.metricsUrl).host], rules: hasty });
}

/** Whether an alert of the chart is firing, or with `ever` has been. */
export async function fires(prometheus: Prometheus, alert: string, labels: string, ever?: 'ever'): Promise<boolean> {
  const series = `ALERTS{alertname="${alert}", alertstate="firing", ${labels}}`;
  return (await prometheus.query(ever === undefined ? series : `max_over_time(${series}[2h])`)).length > 0;
}

/** Every panel of the dashboard shows something of the run. `DASHBOARD_PICTURE` names a file to draw it into. */
export async function everyPanelShows(prometheus: Prometheus, range: TimeRange): Promise<void> {
  const answered = await askPanels(prometheus, range);
  const empty = answered.flatMap(({ panels }) => panels.filter((panel) => !hasData(panel)));
  assert.deepEqual(
    empty.map(({ panel }) => panel.title),
    [],
    'panels without data',
  );
  const picture = process.env.DASHBOARD_PICTURE;
  if (picture) await writeFile(picture, drawDashboard(answered, range));
}
