import { eventually } from '../../lab/eventually.ts';
import type { Host } from '../../lab/hosts.ts';
import type { World } from '../../lab/world.ts';

/** The UUID that the one who did it by hand made up. */
export const handmadeUuid = 'a5d0dd94-57c4-ae55-ffe0-7e3732a24455';

const clients = {
  glance: { pools: ['images'], extra: '' },
  cinder: { pools: ['volumes', 'vms'], extra: ', allow rx pool=images' },
  'cinder-backup': { pools: ['backups'], extra: '' },
} as const;

/** Pools and users, as the guide says. */
export async function makePoolsByHand({ ceph }: World): Promise<void> {
  for (const pool of ['volumes', 'images', 'backups', 'vms']) {
    await ceph.ceph(['osd', 'pool', 'create', pool, '8']);
    await ceph.rbd(['pool', 'init', pool]);
  }
  for (const [name, { pools, extra }] of Object.entries(clients)) {
    const grants = pools.map((pool) => `allow rwx pool=${pool}`).join(', ');
    const osd = `allow class-read object_prefix rbd_children, ${grants}${extra}`;
    await ceph.ceph(['auth', 'get-or-create', `client.${name}`, 'mon', 'allow r', 'osd', osd]);
  }
}

/** Sets `section key = value` in a service's file where its sections stand, as a person with an editor would. */
const editor = `import sys
path, edits = sys.argv[1], [line.rstrip("\\n").split("|", 2) for line in sys.stdin]
lines = open(path).read().splitlines()
for section, key, value in edits:
    head = "[%s]" % section
    if head not in lines: lines += ["", head]
    at = lines.index(head) + 1
    end = next((i for i in range(at, len(lines)) if lines[i].startswith("[")), len(lines))
    lines[at:end] = ["# done by hand", "%s = %s" % (key, value)] + [l for l in lines[at:end] if l.split("=")[0].strip() != key]
open(path, "w").write("\\n".join(lines) + "\\n")
`;

const glance = `DEFAULT|show_image_direct_url|True
glance_store|stores|rbd,file,http
glance_store|default_store|rbd
glance_store|rbd_store_pool|images
glance_store|rbd_store_user|glance
glance_store|rbd_store_ceph_conf|/etc/ceph/ceph.conf
glance_store|rbd_store_chunk_size|8
`;

const cinder = `DEFAULT|enabled_backends|ceph
DEFAULT|backup_driver|cinder.backup.drivers.ceph.CephBackupDriver
DEFAULT|backup_ceph_conf|/etc/ceph/ceph.conf
DEFAULT|backup_ceph_user|cinder-backup
DEFAULT|backup_ceph_chunk_size|134217728
DEFAULT|backup_ceph_pool|backups
DEFAULT|backup_ceph_stripe_unit|0
DEFAULT|backup_ceph_stripe_count|0
DEFAULT|restore_discard_excess_bytes|true
ceph|volume_driver|cinder.volume.drivers.rbd.RBDDriver
ceph|volume_backend_name|ceph
ceph|rbd_pool|volumes
ceph|rbd_ceph_conf|/etc/ceph/ceph.conf
ceph|rbd_flatten_volume_from_snapshot|false
ceph|rbd_max_clone_depth|5
ceph|rbd_user|cinder
ceph|rbd_secret_uuid|${handmadeUuid}
`;

const nova = `libvirt|images_type|rbd
libvirt|images_rbd_pool|vms
libvirt|images_rbd_ceph_conf|/etc/ceph/ceph.conf
libvirt|rbd_user|cinder
libvirt|rbd_secret_uuid|${handmadeUuid}
libvirt|disk_cachemodes|"network=writeback"
libvirt|hw_disk_discard|unmap
workarounds|ensure_libvirt_rbd_instance_dir_cleanup|True
`;

/** What the guide has a person do on the two hosts of the quickstart, each in its own hand: services run with it at the end. */
export async function wireByHand(world: World): Promise<void> {
  const { ceph } = world;
  const [monitor = ''] = /v1:[^\],]*/.exec(ceph.monHost) ?? [];
  const conf = `# cluster of the lab\n[global]\nfsid = ${ceph.fsid}\nmon host = ${monitor}\n\n[client]\nrbd cache = true\n`;
  const keyring = (name: string) => ceph.ceph(['auth', 'get-or-create', `client.${name}`]);
  const [controller, compute] = [world.host('ctl1'), world.host('cmp1')];
  const install = 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install';
  const put = (path: string, owner: string) => `cat >${path} && chown ${owner} ${path} && chmod 640 ${path}`;
  const key = await ceph.ceph(['auth', 'print-key', 'client.cinder']);
  await Promise.all([
    (async () => {
      await controller.run(`${install} ceph-common python3-rbd python3-rados >/dev/null`);
      await controller.run('cat >/etc/ceph/ceph.conf', { input: conf });
      for (const name of ['glance', 'cinder', 'cinder-backup']) {
        const owner = name === 'glance' ? 'glance:glance' : 'cinder:cinder';
        await controller.run(put(`/etc/ceph/ceph.client.${name}.keyring`, owner), { input: await keyring(name) });
      }
      const edit = (file: string, edits: string) =>
        controller.run(`cat >/root/edits; python3 /root/edit.py ${file} </root/edits`, { input: edits });
      await controller.run('cat >/root/edit.py', { input: editor });
      await edit('/etc/glance/glance-api.conf', glance);
      await edit('/etc/cinder/cinder.conf', cinder);
      await controller.run('rm /root/edit.py /root/edits; systemctl restart glance-api cinder-volume cinder-backup');
      await steady(controller, ['glance-api', 'cinder-volume', 'cinder-backup']);
    })(),
    (async () => {
      await compute.run(`${install} ceph-common python3-rbd python3-rados qemu-block-extra >/dev/null`);
      await compute.run('cat >/etc/ceph/ceph.conf', { input: conf });
      await compute.run(put('/etc/ceph/ceph.client.cinder.keyring', 'nova:nova'), { input: await keyring('cinder') });
      const xml = `<secret ephemeral='no' private='no'><uuid>${handmadeUuid}</uuid>
<usage type='ceph'><name>client.cinder secret</name></usage></secret>`;
      await compute.run('cat >/root/secret.xml && virsh --quiet secret-define /root/secret.xml', { input: xml });
      await compute.run(
        // Without --plain it takes the text for base64, which a key is: libvirt has to hold what it stands for.
        `cat >/root/key && virsh --quiet secret-set-value ${handmadeUuid} --file /root/key; rm /root/key /root/secret.xml`,
        { input: key.trim() },
      );
      await compute.run('cat >/root/edit.py', { input: editor });
      await compute.run('cat >/root/edits; python3 /root/edit.py /etc/nova/nova.conf </root/edits', { input: nova });
      await compute.run('rm /root/edit.py /root/edits; systemctl restart libvirtd nova-compute');
    })(),
  ]);
}

/** Waits until services stay up: of Cinder's two, which write to one file here, one may fail at its start and be started again. */
async function steady(host: Host, units: readonly string[]): Promise<void> {
  const look = `set -e
    for unit in ${units.join(' ')}; do
      systemctl is-active --quiet $unit
      since=$(systemctl show -P ActiveEnterTimestampMonotonic $unit)
      [ $(($(cut -d. -f1 /proc/uptime) - since / 1000000)) -ge 10 ]
    done`;
  await eventually(() => host.run(look), { timeoutMs: 90_000, what: `${units.join(', ')} stay up` });
}
