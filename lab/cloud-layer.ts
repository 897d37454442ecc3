import { cloudName, setupPrelude } from './openstack-layer.ts';

/**
 * A whole cloud on one machine: on the layer `openstack` lie Nova, Placement, a compute and a stand-in for Neutron, which
 * has no network to offer. Nothing in it speaks of Ceph.
 */
export const cloudPackages = [
  'nova-api',
  'nova-conductor',
  'nova-scheduler',
  'placement-api',
  'nova-compute-qemu',
  'libvirt-daemon-system',
  'libvirt-clients',
  'qemu-system-x86',
  // What the guest is made from.
  'linux-image-cloud-amd64',
  'busybox-static',
  'cpio',
  'dosfstools',
  'mtools',
  'syslinux',
  'syslinux-common',
  'xz-utils',
];

/** Where the raw disk of the guest lies on the layer. Its sectors 1 to 2047 are free: see `guestInit`. */
export const guestDisk = '/var/lib/lab/guest.raw';

/**
 * All that runs in the guest: it tells its serial console what each disk says of itself in the 64 bytes from sector 8 on,
 * leaves its answer in sector 16, and tells when a disk goes away.
 */
const guestInit = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
exec >/dev/ttyS0 2>&1
for module in $(cat /modules); do insmod $module; done
echo 'guest: started'
known=
while :; do
  found=
  for path in /sys/block/vd*; do
    disk=\${path##*/}
    [ -b /dev/$disk ] || continue
    found="$found $disk"
    case " $known " in *" $disk "*) continue ;; esac
    said=$(dd if=/dev/$disk bs=512 skip=8 count=1 2>/dev/null | tr -dc 'a-z0-9-' | head -c 64)
    printf 'seen-by-the-guest:%s' "$said" | dd of=/dev/$disk bs=512 seek=16 conv=sync,notrunc 2>/dev/null
    sync
    echo "guest: disk $disk of $(cat /sys/block/$disk/size) sectors says '$said'"
  done
  for disk in $known; do
    case " $found " in *" $disk "*) ;; *) echo "guest: disk $disk is gone" ;; esac
  done
  known=$found
  sleep 1
done
`;

const neutronStub = `import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Nothing(BaseHTTPRequestHandler):
    """Answers every list of Neutron's API with an empty one."""
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        name = self.path.split('?')[0].rstrip('/').rpartition('/')[2].replace('-', '_')
        body = json.dumps({name: []}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(('', 9696), Nothing).serve_forever()
`;

/** Run before the first boot. */
export const cloudScript = `
mkdir -p /usr/local/lib/lab /var/lib/lab
cat >/usr/local/lib/lab/neutron.py <<'END'
${neutronStub}END
cat >/etc/systemd/system/neutron-stub.service <<'END'
[Service]
ExecStart=/usr/bin/python3 /usr/local/lib/lab/neutron.py
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet neutron-stub.service placement-api.service 2>/dev/null
rm -f /var/lib/nova/*.sqlite /var/lib/nova/novadb /var/lib/placement/*.sqlite
sed -i 's/^processes *=.*/processes = 2/' /etc/nova/nova-api-uwsgi.ini /etc/placement/placement-api-uwsgi.ini

work=$(mktemp -d)
kernel=$(ls /lib/modules)
mkdir -p $work/root/bin $work/root/lib
cp /bin/busybox $work/root/bin/
modprobe --set-version $kernel --show-depends --all virtio_pci virtio_blk | while read -r verb file rest; do
  [ "$verb" = insmod ] || continue
  name=$(basename $file | sed 's/[.]ko.*//').ko
  case $file in
    *.xz) xz -dc $file >$work/root/lib/$name ;;
    *) cp $file $work/root/lib/$name ;;
  esac
  echo /lib/$name >>$work/root/modules
done
touch $work/root/modules
cat >$work/root/init <<'END'
${guestInit}END
chmod 0755 $work/root/init
(cd $work/root && find . | cpio --quiet -o -H newc | gzip -9) >$work/initrd
printf '%s\\n' 'SERIAL 0' 'DEFAULT guest' 'LABEL guest' 'LINUX /kernel' 'INITRD /initrd' 'APPEND console=ttyS0 quiet panic=1 tsc=unstable' \\
  >$work/syslinux.cfg
mkfs.vfat -h 2048 -C $work/partition 32768 >/dev/null
mcopy -i $work/partition /boot/vmlinuz-$kernel ::kernel
mcopy -i $work/partition $work/initrd ::initrd
mcopy -i $work/partition $work/syslinux.cfg ::syslinux.cfg
syslinux --install $work/partition
# One active partition of type 0c, of 65536 sectors from sector 2048 on.
dd if=/dev/zero of=${guestDisk} bs=512 count=2048 status=none
dd if=/usr/lib/syslinux/mbr/mbr.bin of=${guestDisk} conv=notrunc status=none
printf '\\200\\040\\041\\000\\014\\124\\111\\004\\000\\010\\000\\000\\000\\000\\001\\000' | dd of=${guestDisk} bs=1 seek=446 conv=notrunc status=none
printf '\\125\\252' | dd of=${guestDisk} bs=1 seek=510 conv=notrunc status=none
cat $work/partition >>${guestDisk}
rm -rf $work`;

/** Run on the booted machine, whose Keystone, database and broker the layer below has set up. */
export const cloudSetup = `${setupPrelude}
systemctl stop nova-api nova-conductor nova-scheduler nova-compute placement-api \\
  glance-api cinder-api cinder-scheduler cinder-volume cinder-backup
systemctl start mariadb rabbitmq-server memcached keystone

nova=$(password)
placement=$(password)
for database in nova_api nova nova_cell0; do
  mariadb -e "CREATE DATABASE $database; GRANT ALL ON $database.* TO nova@'%' IDENTIFIED BY '$nova'"
done
mariadb -e "CREATE DATABASE placement; GRANT ALL ON placement.* TO placement@'%' IDENTIFIED BY '$placement'"
url=http://${cloudName}:5000
conf=/etc/nova/nova.conf
put $conf DEFAULT transport_url "$(sed -n 's/^transport_url *= *//p' /etc/cinder/cinder.conf)"
put $conf api_database connection "mysql+pymysql://nova:$nova@127.0.0.1/nova_api"
put $conf database connection "mysql+pymysql://nova:$nova@127.0.0.1/nova"
for section in keystone_authtoken placement neutron service_user; do
  put $conf $section auth_type password
  put $conf $section auth_url $url
  put $conf $section username nova
  put $conf $section password "$nova"
  put $conf $section user_domain_name Default
  put $conf $section project_name service
  put $conf $section project_domain_name Default
  put $conf $section region_name regionOne
done
put $conf keystone_authtoken www_authenticate_uri $url
put $conf keystone_authtoken memcached_servers 127.0.0.1:11211
put $conf service_user send_service_user_token true
put $conf glance region_name regionOne
put $conf spice enabled false
put $conf vnc enabled false
put $conf scheduler discover_hosts_in_cells_interval 5
put $conf conductor workers 1
put $conf scheduler workers 1
conf=/etc/placement/placement.conf
put $conf placement_database connection "mysql+pymysql://placement:$placement@127.0.0.1/placement"
put $conf keystone_authtoken auth_url $url
put $conf keystone_authtoken www_authenticate_uri $url
put $conf keystone_authtoken memcached_servers 127.0.0.1:11211
put $conf keystone_authtoken auth_type password
put $conf keystone_authtoken username placement
put $conf keystone_authtoken password "$placement"
put $conf keystone_authtoken user_domain_name Default
put $conf keystone_authtoken project_name service
put $conf keystone_authtoken project_domain_name Default

su -s /bin/sh placement -c 'placement-manage db sync'
su -s /bin/sh nova -c 'nova-manage api_db sync'
su -s /bin/sh nova -c 'nova-manage cell_v2 map_cell0'
su -s /bin/sh nova -c 'nova-manage db sync'
su -s /bin/sh nova -c 'nova-manage cell_v2 create_cell --name=cell1'

. /root/openrc
awaitKeystone
umask 077
{
  for service in nova placement; do
    eval "password=\\$$service"
    echo "user create --password $password $service"
    echo "role add --project service --user $service admin"
    echo "role add --project service --user $service service"
  done
  echo 'service create --name nova compute'
  echo 'service create --name placement placement'
  echo 'service create --name neutron network'
  for interface in public internal admin; do
    echo "endpoint create --region regionOne compute $interface http://${cloudName}:8774/v2.1"
    echo "endpoint create --region regionOne placement $interface http://${cloudName}:8778"
    echo "endpoint create --region regionOne network $interface http://${cloudName}:9696"
  done
} >/root/commands
openstack </root/commands >/dev/null || true
rm /root/commands
[ "$(openstack endpoint list -f value -c ID | wc -l)" = 18 ]
systemctl stop keystone rabbitmq-server mariadb memcached
rm -f /var/log/nova/* /var/log/placement/* /var/log/keystone/* /var/log/libvirt/qemu/*`;
