import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bindingOf, debian, rendered } from './input.fixture.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const [names = '', caps = ''] = readFileSync(join(root, 'docs', 'reference', 'children.md'), 'utf8').split('## Caps');
const example = (file: string) => readFileSync(join(root, 'deploy', 'examples', file), 'utf8');

/** The code in each cell of a table but the first, row by row. */
function codeIn(text: string): string[][] {
  return [...text.matchAll(/^\| `.*\|$/gm)].map(([row]) =>
    row
      .split('|')
      .slice(2)
      .flatMap((cell) => /`(.+)`/.exec(cell)?.[1] ?? []),
  );
}

test('docs/reference/children.md names what a binding makes', () => {
  const { pools, users } = rendered([
    bindingOf(`  hosts: [{name: ctl1, address: 10.0.0.11, roles: [GlanceApi, CinderVolume, CinderBackup]}]
  glance: {stores: [{name: rbd}, {name: other}]}
  cinder: {backends: [{name: ceph}, {name: other}]}
  cinderBackup: {}
  nova: {ephemeral: {}}
`),
  ]);
  const made = pools.map(({ object, pool }) => {
    const name = object.replace('RbdPool openstack/', '');
    const user = users.find((one) => one.object === `CephClientAuth openstack/${name}`);
    return [name, pool, ...(user === undefined ? [] : [name, user.entity, user.secret])];
  });
  const told = codeIn(names).map((row) =>
    row.map((name) => name.replace('<binding>', 'cloud').replace('<name>', 'other')),
  );
  assert.deepEqual(told.sort(), made.sort());
});

test('docs/reference/children.md tells the caps of the users of a binding, and of one for Nova', () => {
  const users = [
    ...rendered([example('quickstart.yaml')]).users.map((user) => ({ ...user, style: 'Profile' })),
    ...rendered([example('references.yaml')])
      .users.filter(({ entity }) => entity === 'client.nova')
      .map((user) => ({ ...user, style: 'Profile' })),
    ...rendered([example('guide-2014.yaml')], debian('juno')).users.map((user) => ({ ...user, style: 'Legacy' })),
  ];
  const granted = users.map(({ entity, style, caps: { mon, osd } }) => [entity, style, mon, osd]);
  assert.deepEqual(codeIn(caps).sort(), granted.sort());
  for (const {
    style,
    caps: { osd, mgr },
  } of users)
    assert.ok(style === 'Legacy' || mgr === osd);
});
