import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import type { CephOpenStackBinding } from '../src/api/ceph-openstack-binding.ts';
import type { World } from './world.ts';

/** The README's quickstart binding, its hosts' addresses replaced by those of the world's hosts of the same names. */
export async function quickstart(world: World): Promise<Pick<CephOpenStackBinding, 'spec'>> {
  const file = new URL('../deploy/examples/quickstart.yaml', import.meta.url);
  const binding = load(await readFile(file, 'utf8')) as CephOpenStackBinding;
  const hosts = binding.spec.hosts.map((host) => ({ ...host, address: world.host(host.name).address }));
  return { ...binding, spec: { ...binding.spec, hosts } };
}
