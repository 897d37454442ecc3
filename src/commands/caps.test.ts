import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { capsCommand, renderCaps } from './caps.ts';
import { UsageError } from './command.ts';

const misused: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [['x'], /^Unexpected argument 'x'\.$/],
  [['--entity'], /^Option '--entity <value>' argument missing\.$/],
  [['--output', 'xml'], /^--output is "xml"; it must be text or json\.$/],
  [['--entity', 'client.admin'], /^The user "client\.admin" is the cluster's own/],
  [['--entity', 'client.bootstrap-osd', '--output', 'json'], /^The user "client\.bootstrap-osd" is the cluster's own/],
  [['--entity', 'osd.1'], /^--entity is "osd\.1"; it must be a client/],
];
for (const [words, says] of misused) {
  test(`caps does not understand: ${words.join(' ')}`, async () => {
    await assert.rejects(capsCommand.run(words), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, says);
      return true;
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'caps-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, text);
  return file;
}

const secretOf = (name: string, more: object) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...more });
const connection = secretOf('ceph-main', { stringData: { userID: 'op', policy: 'pools: [fast]' } });
const asRead = secretOf('ceph-main', {
  data: { userID: Buffer.from('op').toString('base64'), policy: Buffer.from('pools: [fast]').toString('base64') },
});
const files: readonly (readonly [what: string, text: string, entity: string])[] = [
  ['a policy', 'pools: [fast]', 'client.openstack-operator'],
  ['the connection Secret', connection, 'client.op'],
  ['the connection Secret as the API server gives it', asRead, 'client.op'],
  ['one that names its user in full', connection.replace('"op"', '"client.op"'), 'client.op'],
  [
    'one with a keyring',
    secretOf('ceph-main', { stringData: { keyring: '[client.op]\n\tkey = ***\n', policy: 'pools: [fast]' } }),
    'client.op',
  ],
  ['it among others', `${secretOf('fleet-ssh', {})}\n---\n${connection}\n---\nkind: RbdPool\n`, 'client.op'],
];
for (const [what, text, entity] of files) {
  test(`caps --policy takes ${what}`, async () => {
    const file = fileOf(text);
    const commands = await renderCaps(['--policy', file]);
    assert.ok(commands.startsWith(`ceph auth get-or-create ${entity}\n`), commands);
    assert.match(commands, /pool=\(fast\)/);
    assert.equal(
      (await renderCaps(['--policy', file, '--entity', 'client.other'])).split('\n')[0],
      'ceph auth get-or-create client.other',
    );
  });
}

test('caps --policy refuses a connection Secret of a user of the cluster itself', async () => {
  await assert.rejects(
    renderCaps(['--policy', fileOf(connection.replace('"op"', '"admin"'))]),
    /^UsageError: The user "client\.admin" is the cluster's own, and these caps would take its rights away/,
  );
});

test('caps --policy refuses two connection Secrets', async () => {
  const file = fileOf(`${connection}\n---\n${connection.replace('ceph-main', 'ceph-east')}\n`);
  await assert.rejects(
    renderCaps(['--policy', file]),
    /holds the Secrets default\/ceph-east, default\/ceph-main: give the connection Secret alone\.$/,
  );
});

test('caps --policy takes no SSH Secret for the connection, alone or beside one', async () => {
  const ssh = (more = {}) =>
    secretOf('fleet-ssh', { stringData: { 'ssh-privatekey': '***', policy: 'roles: []', ...more } });
  const secrets = /: --policy holds the Secret default\/fleet-ssh \(for SSH\): give the connection Secret alone\.$/;
  await assert.rejects(renderCaps(['--policy', fileOf(ssh())]), secrets);
  const bare = secretOf('ceph-main', { stringData: { policy: 'pools: [fast]' } });
  assert.match(await renderCaps(['--policy', fileOf(`${ssh()}\n---\n${bare}\n`)]), /pool=\(fast\)/);
  const both = fileOf(ssh({ userID: 'op', policy: 'pools: [fast]' }));
  assert.match(await renderCaps(['--policy', both]), /get-or-create client\.op\n.*pool=\(fast\)/s);
});

for (const [what, text, says] of [
  ['that is not there', undefined, /^\/nowhere\/p\.yaml: cannot be read: there is no such file: give the path of one/],
  ['that is no YAML', 'pools: [', /policy\.yaml, line 1: is no YAML: /],
  ['that is no policy', 'pools: x', /policy\.yaml: policy: pools: must be a list\.$/],
] as const) {
  test(`caps names a file ${what}`, async () => {
    const file = text === undefined ? '/nowhere/p.yaml' : fileOf(text);
    await assert.rejects(renderCaps(['--policy', file]), { name: 'InputFaults', message: says });
  });
}
