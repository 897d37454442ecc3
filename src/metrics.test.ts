import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from 'prom-client';
import { labelBounds, registry, timed } from './metrics.ts';

test('every label of a metric of ours has a bound, and no bound is for nothing', () => {
  const metrics = registry.getMetricsAsArray() as unknown as readonly {
    name: string;
    labelNames?: readonly string[];
  }[];
  const ours = metrics.filter(({ name }) => !/^(nodejs|process)_/.test(name));
  const labels = new Set(ours.flatMap(({ labelNames = [] }) => labelNames));
  assert.deepEqual([...labels].sort(), Object.keys(labelBounds).sort());
});

test('no label of ours bears a name that Prometheus gives to what it scrapes', () => {
  for (const taken of ['namespace', 'service', 'pod', 'endpoint', 'job', 'instance', 'container', 'node']) {
    assert.ok(!(taken in labelBounds), taken);
  }
});

test('timed() observes what ends and what fails, each under its word', async () => {
  const histogram = new Histogram({ name: 'a', help: 'b', labelNames: ['result'], registers: [] });
  const fail = async () => {
    throw new TypeError('broken');
  };
  assert.equal(await timed(histogram, {}, async () => 'value'), 'value');
  await assert.rejects(timed(histogram, {}, fail), /broken/);
  await assert.rejects(
    timed(histogram, {}, fail, (error) => (error instanceof TypeError ? 'refused' : 'failed')),
    /broken/,
  );
  const counts = (await histogram.get()).values.filter(({ metricName }) => metricName === 'a_count');
  assert.deepEqual(
    counts.map(({ labels, value }) => [labels.result, value]),
    [
      ['done', 1],
      ['failed', 1],
      ['refused', 1],
    ],
  );
});
