import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SharedQuery } from './cluster.ts';
import { type Autoscaler, readAutoscaler } from './manager.ts';

/** As `mgr dump` prints it, from 18.2 with Python modules that do not load, and from 20.2. */
const reef = {
  available: true,
  modules: ['iostat', 'nfs', 'restful'],
  always_on_modules: { reef: ['balancer', 'pg_autoscaler'] },
  available_modules: [{ name: 'pg_autoscaler', can_run: false, error_string: 'PyO3 modules do not yet\nsupport it' }],
};
const tentacle = {
  available: true,
  modules: ['iostat'],
  always_on_modules: { tentacle: ['pg_autoscaler'] },
  available_modules: [{ name: 'pg_autoscaler', can_run: true, error_string: "no attribute 'NOTIFY_TYPES'" }],
};

const table: readonly (readonly [string, unknown, Autoscaler])[] = [
  ['its module runs', tentacle, { runs: true }],
  ['its module was switched on by hand', { available: true, modules: ['pg_autoscaler'] }, { runs: true }],
  [
    'its module does not load',
    reef,
    {
      runs: false,
      why: 'the manager cannot load its module pg_autoscaler (PyO3 modules do not yet support it)',
    },
  ],
  [
    'its module is off',
    { available: true, modules: ['iostat'] },
    { runs: false, why: "the manager's module pg_autoscaler is not enabled" },
  ],
  ['there is no manager', { ...tentacle, available: false }, { runs: false, why: 'no manager is active' }],
];

for (const [what, dump, expected] of table) {
  test(`readAutoscaler() says whether it runs, when ${what}`, async () => {
    const cluster = { shared: async <T>({ parse }: SharedQuery<T>): Promise<T> => parse(dump) };
    assert.deepEqual(await readAutoscaler(cluster, new AbortController().signal), expected);
  });
}
