import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { projectRoot } from '../../lab/cache.ts';
import { run } from '../../lab/process.ts';
import { prometheusTool } from '../../lab/prometheus.ts';

const rules = join(projectRoot, 'charts', 'ceph-openstack-operator', 'files', 'alerts.yaml');
const cases = join(import.meta.dirname, 'alerts.promtool.yaml');

test('promtool takes the alerts', async () => {
  assert.match(
    await run(await prometheusTool('promtool'), ['check', 'rules', '--lint=all', '--lint-fatal', rules]),
    /SUCCESS: 11 rules found/,
  );
});

test('each alert fires when it should, and not when it should not', async () => {
  await run(await prometheusTool('promtool'), ['test', 'rules', cases]);
  const { tests } = load(await readFile(cases, 'utf8')) as {
    tests: readonly { alert_rule_test: readonly { alertname: string; exp_alerts?: readonly object[] }[] }[];
  };
  const all = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const [, alert] of (await readFile(rules, 'utf8')).matchAll(/- alert: (\w+)/g)) {
    const own = all.filter(({ alertname }) => alertname === alert);
    assert.ok(
      own.some(({ exp_alerts = [] }) => exp_alerts.length > 0),
      `no case in which ${alert} fires`,
    );
    assert.ok(
      own.some(({ exp_alerts = [] }) => exp_alerts.length === 0),
      `no case in which ${alert} does not fire`,
    );
  }
});
