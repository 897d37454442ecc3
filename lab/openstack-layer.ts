/** The name under which the services of a cloud reach each other; it stands in /etc/hosts. */
export const cloudName = 'controller';

/** Added to a controller's packages. Again without the recommended ones, so that nothing of Ceph comes along. */
export const openstackPackages = [
  'keystone',
  'mariadb-server',
  'rabbitmq-server',
  'memcached',
  'python3-memcache',
  'cinder-api',
  'cinder-scheduler',
  'python3-openstackclient',
];

/** Run before the first boot. */
export const openstackScript = `
# RabbitMQ keeps its users under its node's name, which would change with the host's.
echo 'NODENAME=rabbit@localhost' >>/etc/rabbitmq/rabbitmq-env.conf
printf '%s\\n' '[mariadbd]' skip-name-resolve 'innodb_buffer_pool_size = 64M' 'innodb_flush_log_at_trx_commit = 0' \\
  'sync_binlog = 0' 'max_connections = 500' >/etc/mysql/mariadb.conf.d/90-lab.cnf
sed -i 's/^processes *=.*/processes = 2/' /etc/keystone/keystone-uwsgi.ini /etc/cinder/cinder-api-uwsgi.ini
rm -f /var/lib/cinder/cinder.sqlite`;

/** What the scripts of a booted machine share: put FILE SECTION KEY VALUE, password, awaitKeystone. */
export const setupPrelude = `
set -eu
put() { python3 -c '
import sys
path, section, key, value = sys.argv[1:]
lines = open(path).read().splitlines()
start = lines.index("[%s]" % section) + 1
end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
kept = [line for line in lines[start:end] if line.split("=")[0].strip() != key]
open(path, "w").write("\\n".join(lines[:start] + [key + " = " + value] + kept + lines[end:]) + "\\n")' "$@"; }
password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \\n'; }
awaitKeystone() {
  tries=60
  until openstack token issue >/dev/null 2>&1; do
    tries=$((tries - 1)); [ $tries -gt 0 ] || { echo 'Keystone gives out no token' >&2; exit 1; }
    sleep 1
  done
}`;

/**
 * Run on the booted machine: users, tables, service accounts and endpoints. The region is the one of Debian's own files.
 * Images go to files and volumes to Debian's default back end, which has no disk: where they go instead is for others to say.
 */
export const openstackSetup = `
${setupPrelude}

# Started again here they would note themselves in the database under this machine's name.
systemctl stop glance-api cinder-api cinder-scheduler cinder-volume cinder-backup keystone
systemctl start mariadb rabbitmq-server memcached

broker=$(password)
rabbitmqctl --quiet add_user openstack "$broker"
rabbitmqctl --quiet set_permissions openstack '.*' '.*' '.*'
for service in keystone glance cinder; do
  password=$(password)
  mariadb -e "CREATE DATABASE $service; CREATE USER $service@'%' IDENTIFIED BY '$password'; GRANT ALL ON $service.* TO $service@'%'"
  conf=/etc/$service/$service.conf
  [ $service != glance ] || conf=/etc/glance/glance-api.conf
  put $conf database connection "mysql+pymysql://$service:$password@127.0.0.1/$service"
  [ $service != keystone ] || continue
  put $conf keystone_authtoken password "$password"
  put $conf keystone_authtoken auth_url http://${cloudName}:5000
  put $conf keystone_authtoken www_authenticate_uri http://${cloudName}:5000
  put $conf keystone_authtoken memcached_servers 127.0.0.1:11211
  eval "password_of_$service=$password"
done
put /etc/glance/glance-api.conf paste_deploy flavor keystone
put /etc/glance/glance-api.conf DEFAULT workers 1
put /etc/cinder/cinder.conf DEFAULT transport_url "rabbit://openstack:$broker@127.0.0.1:5672/"

su -s /bin/sh keystone -c 'keystone-manage db_sync'
su -s /bin/sh glance -c 'glance-manage db_sync'
su -s /bin/sh cinder -c 'cinder-manage db sync'
keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone
keystone-manage credential_setup --keystone-user keystone --keystone-group keystone
admin=$(password)
url=http://${cloudName}:5000/v3
OS_BOOTSTRAP_PASSWORD=$admin runuser -u keystone -- keystone-manage bootstrap --bootstrap-region-id regionOne \\
  --bootstrap-admin-url $url --bootstrap-internal-url $url --bootstrap-public-url $url
systemctl start keystone

umask 077
cat >/root/openrc <<END
export OS_AUTH_URL=$url OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=regionOne
export OS_USERNAME=admin OS_PASSWORD=$admin OS_PROJECT_NAME=admin OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default
END
. /root/openrc
awaitKeystone
{
  echo 'project create service'
  for service in glance cinder; do
    eval "password=\\$password_of_$service"
    echo "user create --password $password $service"
    echo "role add --project service --user $service admin"
    echo "role add --project service --user $service service"
  done
  echo 'service create --name glance image'
  echo 'service create --name cinderv3 volumev3'
  for interface in public internal admin; do
    echo "endpoint create --region regionOne image $interface http://${cloudName}:9292"
    echo "endpoint create --region regionOne volumev3 $interface 'http://${cloudName}:8776/v3/%(project_id)s'"
  done
} >/root/commands
# One process for all of them is much quicker, but ends with 1 whatever it did: so look.
openstack </root/commands >/dev/null || true
rm /root/commands
[ "$(openstack endpoint list -f value -c ID | wc -l)" = 9 ]
systemctl stop keystone rabbitmq-server mariadb memcached
rm -f /var/log/cinder/* /var/log/glance/* /var/log/keystone/*`;
