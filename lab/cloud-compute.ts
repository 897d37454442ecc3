import type { Host } from './hosts.ts';
import { cloudName } from './openstack-layer.ts';

/**
 * Makes a host of the layer `compute` a further compute of the cloud on `cloud`, between which guests can be migrated
 * live. Nothing in it speaks of Ceph. Nova finds it by itself within seconds.
 */
export async function joinCloud(cloud: Host, compute: Host): Promise<void> {
  const conf = await cloud.run(
    `sed 's/@127[.]0[.]0[.]1:5672/@${cloudName}:5672/; /^connection *= *mysql/d' /etc/nova/nova.conf`,
  );
  await compute.run('cat >/etc/nova/nova.conf', { input: conf });
  await Promise.all([
    cloud.run(`echo '${compute.address} ${compute.name}' >>/etc/hosts; ${listening}`),
    compute.run(`echo '${cloud.address} ${cloud.name} ${cloudName}' >>/etc/hosts; ${listening}`),
  ]);
}

/**
 * One libvirt lets the other in, whoever it is: nobody else is on their network. And they must not take each other for
 * themselves, which they would by the UUID of the hardware that they share.
 */
const listening = `
set -e
systemctl stop nova-compute
printf '%s\\n' 'auth_tcp = "none"' 'host_uuid_source = "machine-id"' >>/etc/libvirt/libvirtd.conf
systemctl stop libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
systemctl start libvirtd-tcp.socket
systemctl start libvirtd.service nova-compute`;
