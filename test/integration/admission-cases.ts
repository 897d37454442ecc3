import { type ApiObject, binding, client, host, pool } from '../api-objects.ts';

/** An object that the API server must refuse, and words that its one sentence must hold. */
export interface BadObject {
  readonly what: string;
  readonly object: ApiObject;
  readonly says: string;
}

const bad = (what: string, object: ApiObject, says: string): BadObject => ({ what, object, says });

const grant = (change: object) => client({ access: [{ mode: 'ReadWrite', ...change }] });
const oneHost = (change: object) =>
  binding({ hosts: [{ name: 'ctl1', address: '10.0.0.11', roles: ['GlanceApi'], ...change }] });
const backend = (change: object) => binding({ cinder: { backends: [{ name: 'ceph', ...change }] } });

export const badPools = [
  bad('no cluster', pool({ cluster: undefined }), 'spec.cluster: Required value'),
  bad('cluster without Secret', pool({ cluster: {} }), 'spec.cluster.secretName: Required value'),
  bad('Secret in capitals', pool({ cluster: { secretName: 'Ceph' } }), 'must be the name of a Kubernetes object'),
  bad('empty Secret name', pool({ cluster: { secretName: '' } }), 'must be the name of a Kubernetes object'),
  bad('unknown field', pool({ poolname: 'volumes' }), 'unknown field "spec.poolname"'),
  bad('pool with a slash', pool({ poolName: 'a/b' }), 'must be a pool name'),
  bad('pool with a blank', pool({ poolName: 'bad name' }), 'must be a pool name'),
  bad('pool that starts with a dot', pool({ poolName: '.mgr' }), "not starting with '.' or '-'"),
  bad('pool that starts with a dash', pool({ poolName: '-p' }), "not starting with '.' or '-'"),
  bad('pool name too long', pool({ poolName: 'p'.repeat(129) }), 'spec.poolName: Too long'),
  bad('metadata.name too long for a pool', pool({}, `p${'o'.repeat(128)}`), 'set spec.poolName'),
  bad('pool name is a number', pool({ poolName: 7 }), 'must be of type string'),
  bad('size 0', pool({ replicated: { size: 0 } }), 'should be greater than or equal to 1'),
  bad('size 11', pool({ replicated: { size: 11 } }), 'should be less than or equal to 10'),
  bad('size as text', pool({ replicated: { size: '3' } }), 'must be of type integer'),
  bad('minSize over size', pool({ replicated: { size: 2, minSize: 3 } }), 'minSize must not be greater than size'),
  bad('rule without name', pool({ replicated: { crushRule: { root: 'default' } } }), 'name: Required value'),
  bad(
    'rule with root alone',
    pool({ replicated: { crushRule: { name: 'ssd', root: 'default' } } }),
    'root and failureDomain belong together',
  ),
  bad(
    'rule with device class alone',
    pool({ replicated: { crushRule: { name: 'ssd', deviceClass: 'ssd' } } }),
    'deviceClass needs root and failureDomain',
  ),
  bad('erasure coding without coding', pool({ erasureCoded: { dataChunks: 4 } }), 'codingChunks: Required value'),
  bad('one data chunk', pool({ erasureCoded: { dataChunks: 1, codingChunks: 2 } }), 'greater than or equal to 2'),
  bad(
    'unknown plugin',
    pool({ erasureCoded: { dataChunks: 2, codingChunks: 1, plugin: 'lrc' } }),
    'supported values: "isa", "jerasure"',
  ),
  bad(
    'data in the pool itself',
    pool({ erasureCoded: { dataChunks: 2, codingChunks: 1, dataPoolName: 'sample' } }),
    'dataPoolName must be another name',
  ),
  bad('autoscale On', pool({ placementGroups: { autoscale: 'On' } }), 'supported values: "Enabled", "Disabled"'),
  bad('ratio as a number', pool({ placementGroups: { targetSizeRatio: 0.5 } }), 'must be of type string'),
  bad('ratio in percent', pool({ placementGroups: { targetSizeRatio: '53%' } }), 'must be a share as text'),
  bad('count 100', pool({ placementGroups: { autoscale: 'Disabled', count: 100 } }), 'must be a power of two'),
  bad('count beside autoscale', pool({ placementGroups: { count: 128 } }), 'count needs autoscale: Disabled'),
  bad('bytes with a unit', pool({ quota: { maxBytes: '10 TB' } }), 'must be a whole number'),
  bad('negative bytes', pool({ quota: { maxBytes: -1 } }), 'must be a whole number'),
  bad('negative bytes as text', pool({ quota: { maxBytes: '-1' } }), 'must be a whole number'),
  bad('half an object', pool({ quota: { maxObjects: '0.5' } }), 'must be a whole number'),
  bad('more bytes than there can be', pool({ quota: { maxBytes: '9Ei' } }), 'below 8Ei'),
  bad('compression without mode', pool({ compression: { algorithm: 'zstd' } }), 'mode: Required value'),
  bad('unknown algorithm', pool({ compression: { mode: 'Force', algorithm: 'gzip' } }), 'supported values'),
  bad('algorithm and none', pool({ compression: { mode: 'None', algorithm: 'zstd' } }), 'no meaning with mode: None'),
  bad('namespace twice', pool({ namespaces: ['a', 'a'] }), 'Duplicate value'),
  bad('namespace with @', pool({ namespaces: ['a@b'] }), 'must be an RBD namespace'),
  bad('unknown adoption', pool({ adoption: 'Always' }), 'supported values: "Never", "IfUnowned", "TakeOver"'),
  bad('unknown deletionPolicy', pool({ deletionPolicy: 'Orphan' }), 'supported values: "Retain", "Delete"'),
  bad('unknown mode', pool({ mode: 'DryRun' }), 'supported values: "Enforce", "Plan"'),
];

export const badClients = [
  bad('neither access nor caps', client({ access: undefined }), 'write access (pools and modes), or caps'),
  bad('access and caps', client({ caps: { mon: 'allow r' } }), 'access and caps exclude each other'),
  bad('no pool in access', client({ access: [] }), 'should have at least 1 items'),
  bad('grant without pool', grant({}), 'exactly one of poolRef and pool'),
  bad('grant with two pools', grant({ pool: 'vms', poolRef: { name: 'vms' } }), 'exactly one of poolRef and pool'),
  bad('grant without mode', grant({ pool: 'vms', mode: undefined }), 'mode: Required value'),
  bad('grant with unknown mode', grant({ pool: 'vms', mode: 'rw' }), 'supported values: "ReadWrite", "ReadOnly"'),
  bad('grant with a cap in it', grant({ pool: 'vms, allow *' }), 'must be a pool name'),
  bad('namespace with a cap in it', grant({ pool: 'vms', namespace: 'a, allow *' }), 'must be an RBD namespace'),
  bad('user with a blank', client({ clientName: 'client cinder' }), "must be a Ceph user without 'client.'"),
  bad('user with its client.', client({ clientName: 'client.cinder' }), 'write cinder for client.cinder'),
  bad('empty caps', client({ access: undefined, caps: {} }), 'at least one of mon, osd and mgr'),
  bad('caps of two lines', client({ access: undefined, caps: { mon: 'a\nb' } }), 'one line without control characters'),
  bad('an empty cap', client({ access: undefined, caps: { mon: '' } }), 'and not empty'),
  bad('caps of mds', client({ access: undefined, caps: { mds: 'allow r' } }), 'unknown field "spec.caps.mds"'),
  bad('unknown key type', client({ keyType: 'aes256k' }), 'supported values: "Aes", "Aes256k"'),
  bad('unknown style', client({ capsStyle: 'Old' }), 'supported values: "Profile", "Legacy"'),
  bad('Secret without name', client({ secret: {} }), 'spec.secret.name: Required value'),
  bad(
    'metadata.name too long for a Secret',
    client({ clientName: 'a' }, `c${'l'.repeat(245)}`),
    'set spec.secret.name',
  ),
];

export const badBindings = [
  bad('no hosts', binding({ hosts: undefined }), 'spec.hosts: Required value'),
  bad('no ssh', binding({ ssh: undefined }), 'spec.ssh: Required value'),
  bad('name too long', binding({}, `b${'i'.repeat(63)}`), 'at most 63 characters'),
  bad('host twice', binding({ hosts: [oneHost({}).spec.hosts, oneHost({}).spec.hosts].flat() }), 'Duplicate value'),
  bad('host without role', oneHost({ roles: [] }), 'should have at least 1 items'),
  bad('role twice', oneHost({ roles: ['GlanceApi', 'GlanceApi'] }), 'Duplicate value'),
  bad('unknown role', oneHost({ roles: ['Swift'] }), 'supported values: "GlanceApi"'),
  bad('host address in brackets', oneHost({ address: '[2001:db8::1]' }), 'without brackets or zone'),
  bad('host address with a zone', oneHost({ address: 'fe80::1%eth0' }), 'without brackets or zone'),
  bad('host address with an option', oneHost({ address: '-oProxyCommand=x' }), 'must be an IPv4 address'),
  bad('host address with a port', oneHost({ address: '10.0.0.11:22' }), 'write the port in port'),
  bad('host name with a port', oneHost({ address: 'ctl1.example.org:22' }), 'a port is written in port'),
  bad('number over 255 in an address', oneHost({ address: '10.0.0.311' }), 'must be four numbers from 0 to 255'),
  bad('address of three numbers', oneHost({ address: '10.0.11' }), 'must be four numbers from 0 to 255'),
  bad('address with a leading zero', oneHost({ address: '10.0.0.011' }), 'must be four numbers from 0 to 255'),
  bad(
    'user of a section with its client.',
    binding({ glance: { client: { clientName: 'client.glance' } } }),
    "a Ceph user without 'client.'",
  ),
  bad('port 0', oneHost({ port: 0 }), 'should be greater than or equal to 1'),
  bad('MD5 fingerprint', oneHost({ hostKeyFingerprint: 'MD5:00:11' }), 'SHA256: and 43 characters'),
  bad('role without section', binding({ glance: undefined }), 'spec.glance is needed'),
  bad('compute without nova', binding({ nova: undefined }), 'spec.nova is needed'),
  bad(
    'nova with nobody’s user',
    binding({ cinder: undefined, hosts: [{ name: 'c', address: 'c', roles: ['NovaCompute'] }] }),
    "nova shares cinder's user",
  ),
  bad('release as a number', binding({ openstack: { release: 2025.1 } }), 'must be of type string'),
  bad('release that is none', binding({ openstack: { release: '2025.7' } }), 'must be an OpenStack release'),
  bad('pool and poolRef', binding({ glance: { pool: {}, poolRef: { name: 'a' } } }), 'pool and poolRef exclude'),
  bad(
    'client and clientRef',
    binding({ glance: { client: {}, clientRef: { name: 'a' } } }),
    'client and clientRef exclude',
  ),
  bad('no store', binding({ glance: { stores: [] } }), 'should have at least 1 items'),
  bad('stores and a pool', binding({ glance: { pool: {}, stores: [{ name: 'rbd' }] } }), 'pool and stores exclude'),
  bad('stores and a user', binding({ glance: { client: {}, stores: [{ name: 'rbd' }] } }), 'client and stores exclude'),
  bad('a store twice', binding({ glance: { stores: [{ name: 'rbd' }, { name: 'rbd' }] } }), 'Duplicate value'),
  bad('a store of Glance’s own', binding({ glance: { stores: [{ name: 'os_glance_x' }] } }), 'must be lower-case'),
  bad(
    'pool and poolRef of a store',
    binding({ glance: { stores: [{ name: 'a', pool: {}, poolRef: { name: 'a' } }] } }),
    'pool and poolRef exclude',
  ),
  bad('conversion into another format', binding({ glance: { imageConversion: 'Qcow2' } }), 'Unsupported value'),
  bad('erasure coding in words', backend({ pool: { erasureCoded: '2+1' } }), 'must be of type object'),
  bad('OpenStack without a Secret', binding({ verification: { openStack: {} } }), 'secretName: Required value'),
  bad(
    'nova, and all back ends in other clusters',
    backend({ cluster: { secretName: 'other' } }),
    "nova uses the binding's cluster, and no back end whose user it could share is there",
  ),
  bad(
    'nothing in its own cluster',
    binding({
      hosts: [{ name: 'ctl1', address: '10.0.0.11', roles: ['CinderVolume'] }],
      cinder: { backends: [{ name: 'a', cluster: { secretName: 'other' } }] },
      glance: undefined,
      cinderBackup: undefined,
      nova: undefined,
    }),
    "nothing uses the binding's cluster",
  ),
  bad(
    'a cluster that could be no name of a file',
    binding({ cinder: { backends: [{ name: 'a' }, { name: 'b', cluster: { secretName: 'ceph.other' } }] } }),
    'must be lower-case letters',
  ),
  bad(
    'OpenStack with a Secret of no name',
    binding({ verification: { openStack: { secretName: 'Admin' } } }),
    'must be the name of a Kubernetes object',
  ),
  bad('no back end', binding({ cinder: { backends: [] } }), 'should have at least 1 items'),
  bad('back end with a comma', backend({ name: 'ceph,lvm' }), "must be letters, digits, '_', '.' and '-'"),
  bad('back end with a bracket', backend({ name: 'a]b' }), "must be letters, digits, '_', '.' and '-'"),
  bad('back end that ends with a dash', backend({ name: 'ceph-' }), 'starting and ending with a letter or digit'),
  bad(
    'two back ends with one name for objects',
    binding({ cinder: { backends: [{ name: 'Rbd.1' }, { name: 'x' }, { name: 'rbd_1' }] } }),
    "the names of two back ends differ only in capitals, '_', '.' and '-'",
  ),
  bad('section with a bracket', backend({ section: 'a]b' }), 'must be a section of cinder.conf'),
  bad(
    'UUID in capitals',
    backend({ libvirtSecret: { uuid: '457EB676-33DA-42EC-9A8C-9293D545C337' } }),
    'must be a UUID',
  ),
  bad('file injection', binding({ nova: { fileInjection: 'Enabled' } }), 'supported values: "Disabled"'),
  bad('unknown flag', binding({ nova: { liveMigrationFlags: ['LIVE'] } }), 'must be a migration flag of libvirt'),
  bad('cache mode alone', binding({ nova: { diskCacheModes: ['writeback'] } }), 'such as network=writeback'),
  bad('ceph.conf elsewhere', binding({ cephConf: { path: '/etc/shadow.conf' } }), 'must be a file /etc/ceph/'),
  bad('ceph.conf with ..', binding({ cephConf: { path: '/etc/ceph/../x.conf' } }), 'must be a file /etc/ceph/'),
  bad('own option of ceph.conf', binding({ cephConf: { global: { 'mon host': 'x' } } }), 'must not set fsid, mon_host'),
  bad('bracket in an option', binding({ cephConf: { client: { '[global]': 'x' } } }), 'must be an option of ceph.conf'),
  bad('two lines in an option', binding({ cephConf: { client: { a: 'x\ny' } } }), 'without control characters'),
  bad('unknown file', binding({ extraConfig: { passwd: {} } }), 'unknown field "spec.extraConfig.passwd"'),
  bad('hostile section', binding({ extraConfig: { 'nova.conf': { 'a]\n[b': {} } } }), 'a section must be'),
  bad('hostile option', binding({ extraConfig: { 'nova.conf': { a: { 'b = c\nd': 'e' } } } }), 'an option must be'),
  bad(
    'budget of none',
    binding({ rollout: { maxUnavailable: { NovaCompute: 0 } } }),
    'must be a number of hosts from 1',
  ),
  bad('budget over all', binding({ rollout: { maxUnavailable: { NovaCompute: '101%' } } }), 'a share such as 10%'),
  bad('negative canary', binding({ rollout: { canary: -1 } }), 'should be greater than or equal to 0'),
];

export const badHosts = [
  bad('no binding', host({ bindingName: undefined }), 'spec.bindingName: Required value'),
  bad('no role', host({ roles: [] }), 'should have at least 1 items'),
  bad('hostile address', host({ address: 'a b' }), 'must be an IPv4 address'),
  bad('hostile revision', host({ revision: { next: 'A/B' } }), 'must be the name of a Kubernetes object'),
];
