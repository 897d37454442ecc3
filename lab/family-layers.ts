/** Debian with SysV scripts in place of systemd, one of whose packages is essential. */
export const sysvPackages = ['--allow-remove-essential', 'sysvinit-core', 'sysv-rc', 'initscripts', 'systemd-sysv-'];

export const sysvScript = `
# A supervisor would take it for the init system, though it is only here as a library of others.
rm -f /usr/lib/systemd/systemd
# Cinder's scripts want a target service that none of its packages brings.
for service in cinder-volume cinder-backup; do
  sed -n '/BEGIN INIT/,/END INIT/{s/ tgt//;p}' /etc/init.d/$service >/etc/insserv/overrides/$service
done
insserv
# A service that waits for a broker that is not there takes half a minute to stop, and leaves a child behind.
sed -i 's/^\\[DEFAULT\\]$/&\\ngraceful_shutdown_timeout = 3/' /etc/cinder/cinder.conf
# What belongs to hardware of its own.
sed -i /getty/d /etc/inittab
cd /etc/rcS.d
rm -f S*hwclock.sh S*udev S*check* S*kmod S*mount-configfs S*brightness S*urandom S*mountnfs* S*x11-common S*mountall* K*
rm -f /etc/rc2.d/S*rtslib* /etc/rc2.d/S*rc.local
echo CONCURRENCY=none >>/etc/default/rcS`;

export const redhatPackages = ['rpm', 'dnf', 'createrepo-c'];

/** Name, and version where it is not 1. */
const installedRpms = [
  'openstack-glance 1:30.0.0',
  'openstack-cinder 1:26.0.0',
  'openstack-nova-common 1:31.0.0',
  'openstack-nova-compute 1:31.0.0',
  'librados2 2:18.2.7',
  'cos-a 1',
];
const availableRpms = [
  'python3-rados 2:18.2.7',
  'python3-rbd 2:18.2.7 Requires: python3-rados',
  'ceph-common 2:18.2.7 Requires: python3-rbd',
  'qemu-kvm-block-rbd 17:9.1.0',
  // Of CentOS 7, for who makes one of it.
  'openstack-nova-compute 1:17.0.13',
  'python-rados 2:14.2.22',
  'python-rbd 2:14.2.22 Requires: python-rados',
  'cos-a 2',
  'cos-b 1 Requires: cos-a = 2',
];

/**
 * Laid over Debian's services: the names, units and package tools of Rocky Linux 9. The packages are stand-ins, empty
 * but for a file that says they are there; what runs is Debian's OpenStack, libvirt and Python.
 */
export const redhatScript = `
mkdir -p /tmp/specs /etc/yum.repos.d
while read -r name version more; do
  case $version in *:*) epoch="Epoch: \${version%%:*}" ;; *) epoch= ;; esac
  printf '%s\\n' "Name: $name" "Version: \${version#*:}" "$epoch" "Release: 1.el9" "Summary: $name" 'License: none' \\
    'BuildArch: noarch' "$more" %description "$name" %install 'mkdir -p %{buildroot}/usr/share/stand-ins' \\
    "echo $name >%{buildroot}/usr/share/stand-ins/$name" %files "/usr/share/stand-ins/$name" >/tmp/specs/$name.spec
  rpmbuild --quiet -bb --define '_rpmdir /srv/repo' /tmp/specs/$name.spec >/tmp/build.log 2>&1 || { cat /tmp/build.log >&2; exit 1; }
done <<END
${[...installedRpms, ...availableRpms].join('\n')}
END
rm -r /tmp/specs
createrepo_c -q /srv/repo
printf '%s\\n' '[stand-ins]' 'name=Stand-ins' 'baseurl=file:///srv/repo' 'gpgcheck=0' >/etc/yum.repos.d/stand-ins.repo
dnf -q -y install ${installedRpms.map((line) => line.replace(/ (?:\d+:)?/, '-')).join(' ')} >/tmp/build.log 2>&1 || { cat /tmp/build.log >&2; exit 1; }

unit() {
  rm -rf /usr/lib/systemd/system/$1.service /etc/systemd/system/multi-user.target.wants/$1.service /etc/systemd/system/$1.service.d
  printf '%s\\n' '[Unit]' 'After=network.target' '[Service]' "User=$2" 'TimeoutStopSec=5' "ExecStart=$3" \\
    '[Install]' 'WantedBy=multi-user.target' >/usr/lib/systemd/system/openstack-$1.service
  systemctl enable --quiet openstack-$1.service
}
unit glance-api glance /usr/bin/glance-api
unit cinder-volume cinder '/usr/bin/cinder-volume --config-file /etc/cinder/cinder.conf --logfile /var/log/cinder/volume.log'
unit cinder-backup cinder '/usr/bin/cinder-backup --config-file /etc/cinder/cinder.conf --logfile /var/log/cinder/backup.log'
unit nova-compute nova /usr/bin/nova-compute
rm -f /etc/init.d/glance-* /etc/init.d/cinder-* /etc/init.d/nova-*

# The kernel keeps labels without judging by them; these two only say that somebody does, and label what is new.
printf '#!/bin/sh\\nexit 0\\n' >/usr/sbin/selinuxenabled
printf '#!/bin/sh\\nexec chcon system_u:object_r:etc_t:s0 "$@"\\n' >/usr/sbin/restorecon
chmod 0755 /usr/sbin/selinuxenabled /usr/sbin/restorecon

rm -f /usr/bin/dpkg* /usr/bin/apt* /etc/os-release /etc/debian_version
printf '%s\\n' 'NAME="Rocky Linux"' 'VERSION="9.4 (Blue Onyx)"' 'ID="rocky"' 'ID_LIKE="rhel centos fedora"' 'VERSION_ID="9.4"' \\
  'PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"' >/etc/os-release`;
