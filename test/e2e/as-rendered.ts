import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { World } from '../../lab/world.ts';
import type { Rendering } from '../../src/commands/render/rendering.ts';
import { users } from './seen-ceph.ts';
import { fileOn, libvirtSecretsOn, optionsOn } from './seen-host.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** What `render` says that the binding, as Kubernetes has it, comes to in this world. */
async function renderingOf(world: World): Promise<Rendering> {
  const input = await world.kubectl(['get', 'cephopenstackbindings', '-o', 'json']);
  const conf = (await fileOn(world.host('ctl1'), '/etc/ceph/ceph.conf'))?.content.reveal() ?? '';
  const monHost = /^mon_host = (.*)$/m.exec(conf)?.[1] ?? '';
  const known = [
    '--release',
    '2025.1',
    '--distribution',
    'debian-13',
    '--fsid',
    world.ceph.fsid,
    '--mon-host',
    monHost,
  ];
  const args = [main, 'render', '-f', '-', ...known, '--output', 'json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8', env: {} });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Fails where the world is not what `render` says of its one binding. */
export async function assertAsRendered(world: World): Promise<void> {
  const { placeholders, hosts, users: rendered } = await renderingOf(world);
  assert.deepEqual(placeholders, []);
  const inCeph = await users(world.ceph);
  for (const { entity, caps } of rendered) assert.deepEqual({ ...inCeph.get(entity)?.caps }, caps, entity);
  assert.deepEqual(hosts.map(({ name }) => name).sort(), [...world.hosts.keys()].sort());
  for (const { name, files, options, services, libvirtSecrets } of hosts) {
    const host = world.host(name);
    for (const { path, owner, group, mode, content } of files) {
      const found = await fileOn(host, path);
      assert.deepEqual([found?.owner, `0${found?.mode}`], [`${owner}:${group}`, mode], `${name}: ${path}`);
      assert.equal(found?.content.reveal().replaceAll(/key = \S+/g, 'key = ***'), content, `${name}: ${path}`);
    }
    for (const [file, some] of Map.groupBy(options, (option) => option.file)) {
      const { configFiles = [file] } = services.find((service) => service.configFiles.includes(file)) ?? {};
      const read = await optionsOn(host, ...configFiles);
      for (const { section, name: option, value, layout } of some) {
        // The world's own files name no store yet, so Glance has several; and what is not set is not to be.
        if (value === null || layout === 'single') continue;
        const found = read(section, option);
        const holds = found === value || found?.split(',').includes(value) === true;
        assert.ok(holds, `${name}: [${section}] ${option} = ${found}`);
      }
    }
    if (libvirtSecrets.length === 0) continue;
    assert.deepEqual(
      [...(await libvirtSecretsOn(host)).keys()],
      libvirtSecrets.map(({ uuid }) => uuid),
    );
  }
}
