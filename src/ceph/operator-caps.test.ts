import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../api/policy.ts';
import { legacyCaps, profileCaps } from './access-caps.ts';
import { parseCap } from './caps.ts';
import { operatorCaps, operatorCapsCommands } from './operator-caps.ts';

const mon = (policy: object) => operatorCaps(parsePolicy(policy)).mon ?? '';

/** The value of a condition in the grant of a command. */
function condition(cap: string, command: string, argument: string): RegExp {
  const grant = parseCap('mon', cap).find(({ text }) => text.startsWith(`allow command "${command}"`));
  const pattern = new RegExp(` ${argument} regex "([^"]*)"`).exec(grant?.text ?? '')?.[1];
  assert.ok(pattern, `${command} has a pattern for ${argument}`);
  return new RegExp(`^(${pattern})$`);
}

test('operatorCaps() are sentences of the grammar under any policy', () => {
  for (const policy of [
    {},
    { delete: true },
    { rawCaps: true },
    { pools: [] },
    { pools: ['x?', '*-*'], entities: ['*', 'client.*-*'] },
  ]) {
    const caps = operatorCaps(parsePolicy(policy));
    for (const [subsystem, cap] of Object.entries(caps)) parseCap(subsystem, cap);
  }
});

test('operatorCaps() let pools be removed only by a policy that says so', () => {
  assert.doesNotMatch(mon({}), /osd pool rm/);
  assert.match(mon({ delete: true }), /osd pool rm/);
});

test('operatorCaps() turn globs into patterns of whole names', () => {
  const entity = condition(mon({ entities: ['client.cinder*', 'client.nova?'] }), 'auth get', 'entity');
  for (const name of ['client.cinder', 'client.cinder-backup', 'client.nova1']) assert.match(name, entity);
  for (const name of ['client.nova', 'client.admin', 'clientxcinder', 'client.cinder a', 'xclient.cinder', '']) {
    assert.doesNotMatch(name, entity);
  }
  const nothing = condition(mon({ pools: [] }), 'osd pool create', 'pool');
  for (const name of ['', 'volumes']) assert.doesNotMatch(name, nothing);
});

test('operatorCaps() reach no user of the cluster itself, however wide a glob is', () => {
  for (const glob of ['*', 'client.*', '*n*', 'client.?*', '?lient.????????????*']) {
    for (const command of ['auth get', 'auth add', 'auth caps', 'auth get-or-create', 'auth rm']) {
      const pattern = condition(mon({ entities: [glob] }), command, 'entity');
      for (const name of [
        'client.admin',
        'client.bootstrap-osd',
        'client.ceph-exporter.host-of-a-node',
        'client.crash',
        'client.crash.host-of-a-node',
        'client.rbd-mirror.host-of-a-node',
        'client.rgw.host-of-a-node',
        'mon.',
        'mgr.host-of-a-node',
        'osd.1',
      ]) {
        assert.doesNotMatch(name, pattern, glob);
      }
      assert.match('client.administration', pattern, glob);
      assert.match('client.bootstrapped-nova', pattern, glob);
    }
  }
});

test('operatorCaps() pin the caps of users to what is derived, within the pools of the policy', () => {
  const cap = mon({ pools: ['volumes', 'images'] });
  const access = [
    { pool: 'volumes', mode: 'ReadWrite' as const },
    { pool: 'images', mode: 'ReadOnly' as const, namespace: 'n' },
  ];
  for (const command of ['auth add', 'auth caps', 'auth get-or-create']) {
    const pattern = condition(cap, command, 'caps_mgr');
    assert.match(profileCaps(access).mgr ?? '', pattern);
    assert.doesNotMatch(profileCaps([{ pool: 'secrets', mode: 'ReadWrite' }]).mgr ?? '', pattern);
    assert.doesNotMatch('allow *', pattern);
  }
  assert.ok(cap.includes(`caps_mon='${legacyCaps(access).mon}'`));
});

test('operatorCapsCommands() survive a shell', () => {
  const command = operatorCapsCommands('client.op', { mon: `allow command 'a "b"'`, osd: 'allow r' });
  assert.equal(
    command,
    `ceph auth get-or-create client.op\nceph auth caps client.op \\\n  mon 'allow command '\\''a "b"'\\''' \\\n  osd 'allow r'`,
  );
});
