import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostObject } from './host.fixture.ts';
import { Machine } from './machine.fixture.ts';
import { hostStatus } from './status.ts';

const file = '/etc/glance/glance-api.conf';

for (const [what, roles, text, expected] of [
  ['nothing is said of them', ['GlanceApi'], '[DEFAULT]\n', 'True'],
  ['they are hidden', ['GlanceApi'], '[DEFAULT]\nshow_multiple_locations = False\n', 'True'],
  ['they are shown', ['GlanceApi'], '[DEFAULT]\nshow_multiple_locations = yes\n', 'False'],
  [
    'they are shown last',
    ['GlanceApi'],
    '[DEFAULT]\nshow_multiple_locations = no\nshow_multiple_locations = true\n',
    'False',
  ],
  ['the host has no Glance', ['NovaCompute'], '[DEFAULT]\nshow_multiple_locations = true\n', undefined],
] as const) {
  test(`hostStatus() says ${expected ?? 'nothing'} of ImageLocationsHidden, when ${what}`, () => {
    const machine = new Machine(roles);
    machine.put(file, text, 'root', 'glance', '0640');
    const { conditions } = hostStatus(hostObject(roles), machine.look());
    const found = conditions.find(({ type }) => type === 'ImageLocationsHidden');
    assert.equal(found?.status, expected);
    if (expected === 'False')
      assert.match(found?.message ?? '', /show_multiple_locations in \/etc\/glance\/glance-api\.conf/);
  });
}
