import { guestDisk } from './cloud-layer.ts';
import { eventually } from './eventually.ts';
import type { Host } from './hosts.ts';
import { awaitStatus, openstack, openstackJson, uploadRaw } from './openstack.ts';

/** Waits until Nova's services are up, and its scheduler knows the compute on each of `computes`. */
export async function awaitNova(host: Host, computes: readonly string[]): Promise<void> {
  const look = async () => {
    const services = await openstackJson<{ Binary: string; Host: string; State: string }[]>(host, [
      'compute',
      'service',
      'list',
    ]);
    const up = (binary: string, where: string) =>
      services.some(({ Binary, Host, State }) => Binary === binary && Host === where && State === 'up');
    const missing = [
      ...['nova-conductor', 'nova-scheduler'].filter((binary) => !up(binary, host.name)),
      ...computes.filter((name) => !up('nova-compute', name)).map((name) => `nova-compute on ${name}`),
    ];
    if (missing.length > 0) throw new Error(`not up: ${missing.join(', ')}`);
    const hypervisors = await openstackJson<{ 'Hypervisor Hostname': string }[]>(host, ['hypervisor', 'list']);
    for (const name of computes) {
      if (!hypervisors.some((one) => one['Hypervisor Hostname'] === name))
        throw new Error(`Nova has not mapped ${name}`);
    }
  };
  await eventually(look, { timeoutMs: 180_000, what: 'Nova is up' });
}

/** Uploads the guest's disk, which says `words` of itself (see the guest's own script). Returns the image's id. */
export async function uploadGuest(host: Host, name: string, words: string): Promise<string> {
  if (!/^[a-z0-9-]{1,64}$/.test(words)) throw new Error(`The guest cannot say "${words}"`);
  const file = `/tmp/${name}.raw`;
  await host.run(`cp ${guestDisk} ${file}; printf %s ${words} | dd of=${file} bs=512 seek=8 conv=notrunc status=none`);
  return uploadRaw(host, name, file);
}

/** A flavor that the guest fits in. */
export async function createFlavor(host: Host): Promise<void> {
  await openstack(host, ['flavor', 'create', '--ram', '256', '--disk', '1', '--vcpus', '1', 'small']);
}

/** Starts a server without a network, from an image or from a volume, and waits until Nova calls it active. */
export async function createServer(
  host: Host,
  server: { readonly name: string; readonly image: string } | { readonly name: string; readonly volume: string },
): Promise<string> {
  const source = 'image' in server ? ['--image', server.image] : ['--volume', server.volume];
  const args = ['--os-compute-api-version', '2.87', 'server', 'create', '--flavor', 'small', '--nic', 'none'];
  const { id } = await openstackJson<{ id: string }>(host, [...args, ...source, server.name]);
  await awaitStatus(host, 'server', id, 'ACTIVE', 180_000);
  return id;
}

/** Waits until the guest of a server has said `words` on its serial console. */
export async function guestSays(host: Host, id: string, words: string, timeoutMs = 180_000): Promise<void> {
  const look = async () => {
    const said = await openstack(host, ['console', 'log', 'show', id]);
    if (!said.includes(words)) throw new Error(`it said: ${said.trim().slice(-400)}`);
  };
  await eventually(look, { timeoutMs, what: `the guest says "${words}"` });
}
