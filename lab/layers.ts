import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { cloudPackages, cloudScript, cloudSetup } from './cloud-layer.ts';
import { redhatPackages, redhatScript, sysvPackages, sysvScript } from './family-layers.ts';
import { buildLayer, installation, type LayerContent } from './layer-build.ts';
import { openstackPackages, openstackScript, openstackSetup } from './openstack-layer.ts';
import { progress } from './progress.ts';
import { debianRoot } from './roots.ts';

/** What a host starts with. */
export type LayerName =
  | 'base'
  | 'controller'
  | 'compute'
  | 'combined'
  | 'openstack'
  | 'cloud'
  | 'alien'
  | 'sysv'
  | 'redhat'
  | 'bookworm'
  | 'sid';

type HostSuite = 'trixie' | 'bookworm' | 'sid';

interface LayerRecipe extends LayerContent {
  /** The layer that this one lies on. Absent: a bare Debian. */
  readonly parent?: LayerName;
  /** Of the bare Debian; trixie where it is left out. */
  readonly suite?: HostSuite;
}

const controllerPackages = ['glance-api', 'cinder-volume', 'cinder-backup'];
const computePackages = ['nova-compute-qemu', 'libvirt-daemon-system', 'libvirt-clients', 'qemu-system-x86'];

const recipes: Record<LayerName, LayerRecipe> = {
  base: {
    packages: [],
    script: baseScript(),
  },
  // No recommended packages: they would bring ceph-common and python3-rbd, which are the operator's to install.
  controller: { parent: 'base', packages: controllerPackages, script: controllerScript() },
  compute: { parent: 'base', packages: computePackages, script: computeScript() },
  combined: { parent: 'controller', packages: computePackages, script: computeScript() },
  openstack: {
    parent: 'controller',
    packages: openstackPackages,
    script: openstackScript,
    setup: openstackSetup,
  },
  cloud: {
    parent: 'openstack',
    packages: cloudPackages,
    script: computeScript() + cloudScript,
    setup: cloudSetup,
  },
  alien: {
    parent: 'base',
    packages: [],
    script: `
rm /etc/os-release
printf '%s\\n' 'ID=slackware' 'NAME="Slackware"' 'VERSION_ID=15.0' 'PRETTY_NAME="Slackware 15.0 x86_64"' >/etc/os-release`,
  },
  sysv: { parent: 'controller', packages: sysvPackages, script: sysvScript },
  redhat: { parent: 'combined', packages: redhatPackages, script: redhatScript },
  bookworm: { suite: 'bookworm', ...everyService() },
  sid: { suite: 'sid', ...everyService() },
};

/** All of OpenStack's services that use Ceph, on a bare Debian. */
function everyService(): LayerContent {
  return {
    packages: [...controllerPackages, ...computePackages],
    script: baseScript() + controllerScript() + computeScript(),
  };
}

function baseScript(): string {
  return `
useradd --create-home --shell /bin/bash ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
chmod 0440 /etc/sudoers.d/ops
rm -f /etc/ssh/ssh_host_*
for unit in console-getty.service getty.target systemd-firstboot.service systemd-modules-load.service apt-daily.timer \\
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer; do ln -sfn /dev/null /etc/systemd/system/$unit; done`;
}

function controllerScript(): string {
  return `
systemctl mask --quiet rtslib-fb-targetctl.service
sed -i '/^my_ip *=/d' /etc/cinder/cinder.conf
# Where there is no broker both services keep trying to reach one, and so stay up. Without tables they would not.
su -s /bin/sh cinder -c 'cinder-manage db sync' 2>/dev/null
rm -f /var/log/cinder/* /var/log/glance/*`;
}

function computeScript(): string {
  return `
printf '%s\\n' 'cgroup_controllers = []' 'security_driver = "none"' >>/etc/libvirt/qemu.conf
sed -i '/^my_ip *=/d' /etc/nova/nova.conf
# nova-compute reports itself ready only to a control plane. Alone it keeps trying to reach one: that shall count as up.
mkdir -p /etc/systemd/system/nova-compute.service.d
printf '%s\\n' '[Service]' 'Type=simple' 'TimeoutStopSec=5' >/etc/systemd/system/nova-compute.service.d/lab.conf
rm -f /var/log/nova/* /var/log/libvirt/qemu/*`;
}

/** Whether an OpenStack was set up in a layer, whose parts find each other by the name of the cloud. */
export function holdsCloud(name: LayerName): boolean {
  return recipes[name].setup !== undefined;
}

/** The read-only trees of a layer, the topmost first, as `overlay` wants them. Built and kept in the cache when missing. */
export async function hostLayers(name: LayerName): Promise<readonly string[]> {
  const recipe = recipes[name];
  const below = recipe.parent === undefined ? [await bareDebian(recipe.suite)] : await hostLayers(recipe.parent);
  return [join(await builtLayer(name, recipe, below), 'upper'), ...below];
}

function bareDebian(suite: HostSuite = 'trixie'): Promise<string> {
  return debianRoot({
    name: 'host',
    suite,
    variant: 'apt',
    packages: ['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo', 'iproute2', 'ca-certificates', 'procps'],
  });
}

function builtLayer(name: LayerName, recipe: LayerRecipe, below: readonly string[]): Promise<string> {
  // The trees below carry the hashes of their own recipes in their names.
  const text = JSON.stringify([below, recipe, installation]);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return cached(join('layers', `${name}-${hash}`), (folder) =>
    progress(`Building the host layer "${name}"`, () => buildLayer(recipe, below, folder)),
  );
}
