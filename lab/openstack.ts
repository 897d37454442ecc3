import { z } from 'zod';
import { eventually } from './eventually.ts';
import type { Host } from './hosts.ts';
import { ask, type ServiceType } from './openstack-api.ts';
import { cloudName } from './openstack-layer.ts';
import { CommandError } from './process.ts';

/** What has a status that may change: whose it is, under which path, and what its answer is wrapped in. */
const cloudThings = {
  image: { service: 'image', path: '/v2/images', wrapper: undefined },
  volume: { service: 'volumev3', path: '/volumes', wrapper: 'volume' },
  'volume snapshot': { service: 'volumev3', path: '/snapshots', wrapper: 'snapshot' },
  'volume backup': { service: 'volumev3', path: '/backups', wrapper: 'backup' },
  server: { service: 'compute', path: '/servers', wrapper: 'server' },
} as const satisfies Record<string, { service: ServiceType; path: string; wrapper: string | undefined }>;
export type CloudThing = keyof typeof cloudThings;

const wrapped = z.record(z.string(), z.unknown());
const thing = z.object({ status: z.string(), fault: z.object({ message: z.string() }).optional() });

/** Runs the OpenStack client as the cloud's administrator on a host of the layer `openstack`, and gives what it printed. */
export async function openstack(host: Host, args: readonly string[]): Promise<string> {
  const command = `. /root/openrc && exec openstack ${args.map(quote).join(' ')}`;
  for (let triesLeft = 3; ; triesLeft--) {
    try {
      return await host.run(command, { timeoutMs: 120_000 });
    } catch (error) {
      // The services under uWSGI close connections now and then: what they did not take can be said again.
      const dropped = error instanceof CommandError && /Unable to establish connection|aborted/.test(error.stderr);
      if (!dropped || triesLeft === 1) throw error;
    }
  }
}

/** As `openstack`, for commands that print JSON. */
export async function openstackJson<T>(host: Host, args: readonly string[]): Promise<T> {
  return JSON.parse(await openstack(host, [...args, '-f', 'json']));
}

/**
 * The variables of the cloud's administrator, for use beside its machine: the public endpoints are named by its address
 * from then on, which nobody but itself could resolve before.
 */
export async function openrcBeside(host: Host): Promise<Readonly<Record<string, string>>> {
  const moved = `REPLACE(url, '//${cloudName}:', '//${host.address}:')`;
  const variables = await host.run(`
    mariadb keystone -e "UPDATE endpoint SET url = ${moved} WHERE interface = 'public'"
    systemctl restart keystone
    . /root/openrc && env | grep ^OS_`);
  const found = variables.split('\n').flatMap((line) => {
    const [, name, value] = /^(OS_\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.replace(cloudName, host.address)]];
  });
  return Object.fromEntries(found);
}

const listed = z.object({ services: z.array(z.object({ binary: z.string(), state: z.string() })) });

/** Waits until Keystone, Glance and Cinder answer, and the scheduler of volumes is up. */
export async function awaitCloud(host: Host): Promise<void> {
  const look = async () => {
    const { services } = listed.parse(await ask(host, 'volumev3', '/os-services'));
    if (!services.some(({ binary, state }) => binary === 'cinder-scheduler' && state === 'up')) {
      throw new Error('cinder-scheduler is not up');
    }
    await ask(host, 'image', '/v2/images');
  };
  await eventually(look, { timeoutMs: 120_000, what: `the cloud on "${host.name}" answers` });
}

/** Uploads a raw image of random bytes behind a partition table, without which Glance would refuse it. Returns its id. */
export async function uploadImage(host: Host, name: string, sizeMiB = 16): Promise<string> {
  const file = `/tmp/${name}.raw`;
  await host.run(`
    dd if=/dev/urandom of=${quote(file)} bs=1M count=${sizeMiB} status=none
    dd if=/dev/zero of=${quote(file)} bs=512 count=1 conv=notrunc status=none
    # One partition of type 83 from sector 1 on, and the signature.
    printf '\\200\\0\\1\\0\\203\\377\\377\\377\\1\\0\\0\\0\\377\\037\\0\\0' | dd of=${quote(file)} bs=1 seek=446 conv=notrunc status=none
    printf '\\125\\252' | dd of=${quote(file)} bs=1 seek=510 conv=notrunc status=none`);
  return uploadRaw(host, name, file);
}

/** Uploads a raw disk that lies in a file of the host, and takes the file away. Returns the image's id. */
export async function uploadRaw(host: Host, name: string, file: string): Promise<string> {
  const create = ['image', 'create', '--disk-format', 'raw', '--container-format', 'bare', '--file', file, name];
  const { id } = await openstackJson<{ id: string }>(host, create);
  await host.run(`rm ${quote(file)}`);
  await awaitStatus(host, 'image', id, 'active');
  return id;
}

/** Asks for a volume, empty or with an image's content, and returns its id: whether it comes to be, `awaitStatus` tells. */
export async function createVolume(
  host: Host,
  volume: { readonly name: string; readonly sizeGiB: number; readonly imageId?: string; readonly type?: string },
): Promise<string> {
  const args = ['volume', 'create', '--size', String(volume.sizeGiB)];
  if (volume.imageId !== undefined) args.push('--image', volume.imageId);
  if (volume.type !== undefined) args.push('--type', volume.type);
  return (await openstackJson<{ id: string }>(host, [...args, volume.name])).id;
}

/**
 * Backs a volume up and returns the backup's id. Tries again what fails: for two minutes after a start of cinder-backup
 * the scheduler may say that there is none, though the API calls it up.
 */
export async function backUpVolume(host: Host, volumeId: string, timeoutMs = 240_000): Promise<string> {
  const attempt = async () => {
    const { id } = await openstackJson<{ id: string }>(host, ['volume', 'backup', 'create', volumeId]);
    try {
      await awaitStatus(host, 'volume backup', id, 'available');
    } catch (error) {
      await openstack(host, ['volume', 'backup', 'delete', '--force', id]);
      throw error;
    }
    return id;
  };
  return eventually(attempt, { timeoutMs, what: `volume ${volumeId} is backed up` });
}

/** Waits until something has the status `wanted`. Throws at once when it has become an error instead. */
export async function awaitStatus(
  host: Host,
  kind: CloudThing,
  id: string,
  wanted: string,
  timeoutMs = 120_000,
): Promise<void> {
  const { service, path, wrapper } = cloudThings[kind];
  const look = async () => {
    const answer = await ask(host, service, `${path}/${id}`);
    const { status, fault } = thing.parse(wrapper === undefined ? answer : wrapped.parse(answer)[wrapper]);
    if (status !== wanted && !status.toLowerCase().startsWith('error')) throw new Error(`its status is "${status}"`);
    return { status, why: fault?.message ?? `its status is "${status}"` };
  };
  const { status, why } = await eventually(look, { timeoutMs, what: `${kind} ${id} is ${wanted}` });
  if (status !== wanted) throw new Error(`Cannot bring ${kind} ${id} to "${wanted}": ${why}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
