import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { asTree, twiceInTree } from './as-tree.ts';
import { render } from './render.ts';
import { writeTree } from './write-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'tree-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;
function place(): string {
  count += 1;
  mkdirSync(join(root, `${count}`));
  return join(root, `${count}`, 'out');
}

const conf = ['ctl1/etc/ceph/ceph.conf', '[global]\n'] as const;

describe('writeTree()', () => {
  it('writes files below the folder, and takes away only what it wrote before', async () => {
    const folder = place();
    await writeTree(folder, new Map([conf, ['cmp1/etc/nova/nova.conf', 'a'], ['cmp1/host.txt', 'b']]));
    writeFileSync(join(folder, 'README'), 'mine');
    writeFileSync(join(folder, 'ctl1', 'notes'), 'mine');
    await writeTree(folder, new Map([['cmp2/host.txt', 'c']]));
    assert.equal(readFileSync(join(folder, 'cmp2/host.txt'), 'utf8'), 'c');
    assert.equal(readFileSync(join(folder, 'README'), 'utf8'), 'mine');
    assert.equal(readFileSync(join(folder, 'ctl1/notes'), 'utf8'), 'mine');
    assert.ok(!existsSync(join(folder, 'ctl1/etc')) && !existsSync(join(folder, 'cmp1')));
    assert.equal(readFileSync(join(folder, '_files.txt'), 'utf8'), 'cmp2/host.txt\n');
  });

  const paths = ['../out.txt', '/etc/passwd', 'a/../../b', 'a//b', '.git/config', 'a/.ssh', '-f', 'a\nb', '', 'a/'];
  for (const path of paths) {
    it(`writes nothing at all, when a path is ${JSON.stringify(path)}`, async () => {
      const folder = place();
      await assert.rejects(writeTree(folder, new Map([conf, [path, 'x']])), { message: /is no path below/ });
      assert.ok(!existsSync(join(folder, conf[0])));
    });
  }

  it('writes nothing through a link', async () => {
    const folder = place();
    const elsewhere = place();
    mkdirSync(folder);
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(folder, 'ctl1'));
    await assert.rejects(writeTree(folder, new Map([conf])), { message: /ctl1 is no plain folder/ });
    writeFileSync(join(elsewhere, 'host.txt'), 'kept');
    symlinkSync(join(elsewhere, 'host.txt'), join(folder, '_ceph.txt'));
    await assert.rejects(writeTree(folder, new Map([['_ceph.txt', 'x']])), { message: /_ceph\.txt is no plain file/ });
    assert.equal(readFileSync(join(elsewhere, 'host.txt'), 'utf8'), 'kept');
  });

  it('takes nothing away that a forged list of files names', async () => {
    const folder = place();
    mkdirSync(folder);
    writeFileSync(join(folder, '..', 'host.txt'), 'kept');
    writeFileSync(join(folder, 'README'), 'kept');
    writeFileSync(join(folder, '_files.txt'), 'README\n../host.txt\n');
    await assert.rejects(writeTree(folder, new Map([conf])), { message: /"\.\.\/host\.txt" is no path below/ });
    writeFileSync(join(folder, '_files.txt'), 'README\n');
    await writeTree(folder, new Map([conf]));
    assert.ok(existsSync(join(folder, 'README')) && existsSync(join(folder, '..', 'host.txt')));
  });
});

const binding = (name: string, host: string) => `
apiVersion: cephopenstack.io/v1alpha1
kind: CephOpenStackBinding
metadata: {name: ${name}, namespace: ${name}}
spec:
  cluster: {secretName: c}
  ssh: {secretName: s}
  hosts: [{name: ${host}, address: ${name}, roles: [GlanceApi]}]
  glance: {}
`;

function rendering(...texts: readonly string[]) {
  const machine = { distribution: 'debian', family: 'debian', initSystem: 'systemd', release: '2025.1' } as const;
  const world = { ...machine, releases: {}, fsids: new Map(), monHosts: new Map() };
  const result = render([{ name: 'x', text: texts.join('---') }], world);
  return 'rendering' in result ? result.rendering : assert.fail(result.faults.join());
}

describe('asTree()', () => {
  it("has a folder for each host, with its files as they would be were the host's own empty", () => {
    const tree = asTree(rendering(binding('north', 'a'), binding('south', 'b.example.org')));
    assert.deepEqual([...tree.keys()].sort(), [
      '_ceph.txt',
      'a/etc/ceph/ceph.client.glance.keyring',
      'a/etc/ceph/ceph.conf',
      'a/etc/glance/glance-api.conf',
      'a/host.txt',
      'b.example.org/etc/ceph/ceph.client.glance.keyring',
      'b.example.org/etc/ceph/ceph.conf',
      'b.example.org/etc/glance/glance-api.conf',
      'b.example.org/host.txt',
    ]);
    assert.match(tree.get('a/etc/glance/glance-api.conf') ?? '', /\nenabled_backends = rbd:rbd\n/);
    assert.doesNotMatch(tree.get('a/etc/glance/glance-api.conf') ?? '', /\nstores = /);
  });

  it('has no room for two hosts of one name', () => {
    assert.equal(twiceInTree(rendering(binding('north', 'a'), binding('south', 'a'))), 'a');
    assert.equal(twiceInTree(rendering(binding('north', 'a'), binding('south', 'b'))), undefined);
  });
});
