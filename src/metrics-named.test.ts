import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { load } from 'js-yaml';
import { registry } from './metrics.ts';

/* What the chart's alerts and dashboard ask for must be there to be asked for. */

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

const files = 'charts/ceph-openstack-operator/files';
const { groups } = load(read(`${files}/alerts.yaml`)) as { groups: readonly { rules: readonly Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const { panels } = JSON.parse(read(`${files}/dashboard.json`)) as { panels: readonly Panel[] };

/** Names of series, and the labels that each may have. */
const known = new Map<string, readonly string[]>();
for (const metric of registry.getMetricsAsArray() as unknown as readonly {
  readonly name: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
}[]) {
  const { name, type, labelNames = [] } = metric;
  if (type !== 'histogram') known.set(name, labelNames);
  else {
    for (const suffix of ['sum', 'count']) known.set(`${name}_${suffix}`, labelNames);
    known.set(`${name}_bucket`, [...labelNames, 'le']);
  }
}
/** What Prometheus itself, or the one who sets it up, puts onto every series. */
const target = ['job', 'instance', 'pod', 'container', 'endpoint'];

/** What an expression asks for, by what it is. */
function asked(expr: string): readonly (readonly [what: string, text: string])[] {
  const text = expr.replaceAll('$__rate_interval', '5m');
  const found: [string, string][] = [];
  parser.parse(text).iterate({ enter: ({ name, from, to }) => void found.push([name, text.slice(from, to)]) });
  return found;
}

function check(expr: string): void {
  const found = asked(expr);
  const broken = found.filter(([what]) => what === '⚠');
  assert.deepEqual(broken, [], `${expr} is no PromQL`);
  const selectors = found.filter(([what]) => what === 'VectorSelector').map(([, text]) => text);
  assert.notDeepEqual(selectors, [], `${expr} asks for nothing`);
  const labels = new Set(target);
  for (const selector of selectors) {
    const parts = asked(selector);
    const metric = parts.find(([what]) => what === 'Identifier')?.[1] ?? '';
    const own = known.get(metric);
    assert.ok(own !== undefined, `nobody tells ${metric}`);
    for (const [, label] of parts.filter(([what]) => what === 'LabelName')) {
      assert.ok([...own, ...target].includes(label), `${metric} has no label ${label}`);
    }
    for (const label of own) labels.add(label);
  }
  const grouped = found.filter(([what]) => what === 'LabelName').map(([, label]) => label);
  assert.deepEqual(
    grouped.filter((label) => !labels.has(label)),
    [],
    `${expr} groups by labels that are not there`,
  );
}

describe('an alert', () => {
  const anchors = [...read('docs/operations.md').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const { alert, expr, labels, annotations } of alerts) {
    it(`${alert} asks for what is told, and says what to do`, () => {
      check(expr);
      assert.match(labels.severity ?? '', /^(critical|warning|info)$/);
      assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook']);
      assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
      assert.ok(anchors.includes(alert.toLowerCase()), 'docs/operations.md does not speak of it');
    });
  }
});

describe('a panel of the dashboard', () => {
  for (const { title, targets = [] } of panels) {
    for (const { expr, legendFormat = '' } of targets) {
      it(`"${title}" asks for what is told`, () => {
        check(expr);
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          assert.ok(expr.includes(label) || label === 'instance');
      });
    }
  }
});
