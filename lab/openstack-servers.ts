import { z } from 'zod';
import { guestDisk } from './cloud-layer.ts';
import { eventually } from './eventually.ts';
import type { Host } from './hosts.ts';
import { awaitStatus, openstack, openstackJson, uploadRaw } from './openstack.ts';
import { ask } from './openstack-api.ts';

const listed = z.object({
  services: z.array(z.object({ binary: z.string(), host: z.string(), state: z.string() })),
});
const mapped = z.object({ hypervisors: z.array(z.object({ hypervisor_hostname: z.string() })) });

/** Waits until Nova's services are up, and its scheduler knows the compute on each of `computes`. */
export async function awaitNova(host: Host, computes: readonly string[]): Promise<void> {
  const look = async () => {
    const { services } = listed.parse(await ask(host, 'compute', '/os-services'));
    const up = (binary: string, where: string) =>
      services.some((service) => service.binary === binary && service.host === where && service.state === 'up');
    const missing = [
      ...['nova-conductor', 'nova-scheduler'].filter((binary) => !up(binary, host.name)),
      ...computes.filter((name) => !up('nova-compute', name)).map((name) => `nova-compute on ${name}`),
    ];
    if (missing.length > 0) throw new Error(`not up: ${missing.join(', ')}`);
    const { hypervisors } = mapped.parse(await ask(host, 'compute', '/os-hypervisors'));
    for (const name of computes) {
      if (!hypervisors.some((one) => one.hypervisor_hostname === name)) throw new Error(`Nova has not mapped ${name}`);
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
    const said = await consoleOf(host, id);
    if (!said.includes(words)) throw new Error(`it said: ${said.trim().slice(-400)}`);
  };
  await eventually(look, { timeoutMs, what: `the guest says "${words}"` });
}

/** What is on the serial console of a server, since it was started or came to the compute on which it is. */
export async function consoleOf(host: Host, id: string): Promise<string> {
  const answer = await ask(host, 'compute', `/servers/${id}/action`, { 'os-getConsoleOutput': {} });
  return z.object({ output: z.string() }).parse(answer).output;
}

/** The compute that a server is on. */
export async function computeOf(host: Host, id: string): Promise<string> {
  const answer = await ask(host, 'compute', `/servers/${id}`);
  return placed.parse(answer).server['OS-EXT-SRV-ATTR:host'];
}

const placed = z.object({ server: z.object({ 'OS-EXT-SRV-ATTR:host': z.string() }) });

/** Migrates a running server to another compute without stopping it, and waits until Nova calls that done. */
export async function migrateLive(host: Host, id: string, compute: string): Promise<void> {
  const args = ['--os-compute-api-version', '2.87', 'server', 'migrate', '--live-migration', '--host', compute, id];
  await openstack(host, args);
  const look = async () => {
    const answer = await ask(host, 'compute', `/os-migrations?instance_uuid=${id}`);
    const status = migrated.parse(answer).migrations[0]?.status ?? 'unknown';
    if (status !== 'completed' && status !== 'failed' && status !== 'error') throw new Error(`it is ${status}`);
    return status;
  };
  const status = await eventually(look, { timeoutMs: 180_000, what: `server ${id} is migrated to ${compute}` });
  if (status !== 'completed') throw new Error(`Cannot migrate server ${id} to ${compute}: Nova calls it ${status}`);
}

const migrated = z.object({ migrations: z.array(z.object({ status: z.string() })) });
