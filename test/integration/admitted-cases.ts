import { type ApiObject, binding, client, host, pool } from '../api-objects.ts';

function many<T>(count: number, name: string, value: () => T): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, value()]));
}

/** Objects that must be let in, by what they show. */
export const goodObjects: Readonly<Record<string, ApiObject>> = {
  'the least pool': pool(),
  'a pool with an empty section': pool({ replicated: {}, placementGroups: {}, quota: {} }),
  'a quota as numbers': pool({ quota: { maxBytes: 1099511627776, maxObjects: 0 } }),
  'a quota as text': pool({ quota: { maxBytes: '15Gi', maxObjects: '5M' } }),
  'a quota as large as clouds are': pool({ quota: { maxBytes: '2.5Pi' } }),
  'a quota that is cleared': pool({ quota: { maxBytes: '0', maxObjects: '0' } }),
  'a fixed number of placement groups': pool({ placementGroups: { autoscale: 'Disabled', count: 128 } }),
  'a share that is cleared': pool({ placementGroups: { targetSizeRatio: '0' } }),
  'a rule that exists': pool({ replicated: { crushRule: { name: 'replicated_rule' } } }),
  'erasure coding': pool({ erasureCoded: { dataChunks: 4, codingChunks: 2 } }),
  'erasure coding beside copies': pool({
    replicated: { size: 3 },
    erasureCoded: { dataChunks: 2, codingChunks: 1, plugin: 'isa', failureDomain: 'host', dataPoolName: 'bulk' },
  }),
  'no compression': pool({ compression: { mode: 'None' } }),
  'a pool whose name Kubernetes could not bear': pool({ poolName: 'Volumes_1.old' }),
  'a plan only': pool({ mode: 'Plan', adoption: 'TakeOver', deletionPolicy: 'Delete' }),
  'the least user': client(),
  'a user of an RbdPool': client({ access: [{ poolRef: { name: 'volumes' }, mode: 'ReadOnly', namespace: 'a' }] }),
  'a user with the caps of 2014': client({ capsStyle: 'Legacy' }),
  'caps to the letter': client({ access: undefined, caps: { mon: 'allow r', osd: "allow rwx pool='a b'" } }),
  'a user with a type of key and a Secret': client({ keyType: 'Aes256k', secret: { name: 'its-secret' } }),
  'the least binding': binding(),
  'a binding whose last host is gone': binding({ hosts: [] }),
  'images only': binding({
    hosts: [{ name: 'ctl1', address: 'ctl1.example.org', roles: ['GlanceApi'] }],
    cinder: undefined,
    cinderBackup: undefined,
    nova: undefined,
  }),
  'back ends in two clusters': binding({
    cinder: { backends: [{ name: 'a', cluster: { secretName: 'other' } }, { name: 'b' }] },
  }),
  'all back ends in other clusters, and nova with a user of its own': binding({
    cinder: { backends: [{ name: 'a', cluster: { secretName: 'other' } }] },
    nova: { clientRef: { name: 'nova' } },
  }),
  'nova with a user of its own': binding({
    hosts: [],
    cinder: undefined,
    nova: { ephemeral: { poolRef: { name: 'vms' } }, clientRef: { name: 'nova' } },
  }),
  'a host by IPv6': binding({ hosts: [{ name: 'a', address: '2001:db8::ffff:10.0.0.1', roles: ['GlanceApi'] }] }),
  'a host by a name with numbers': binding({ hosts: [{ name: 'a', address: '7.rack-1.x9', roles: ['GlanceApi'] }] }),
  'the highest address': binding({ hosts: [{ name: 'a', address: '255.249.199.99', roles: ['GlanceApi'] }] }),
  'a release by its newer name': binding({ openstack: { release: 'epoxy' } }),
  'an erasure-coded back end': binding({
    cinder: { backends: [{ name: 'ceph', pool: { erasureCoded: { dataChunks: 2, codingChunks: 1 } } }] },
  }),
  'two stores, and images that are converted': binding({
    glance: {
      stores: [
        { name: 'rbd', pool: {} },
        { name: 'b', chunkSizeMB: 4 },
      ],
      imageConversion: 'Raw',
    },
  }),
  'back ends as TripleO and Kolla name them': binding({
    cinder: {
      backends: [{ name: 'tripleo_ceph' }, { name: 'rbd-1' }, { name: 'RBD2' }, { name: 'tripleo_ceph_dcn.0' }],
    },
  }),
  'as many back ends as there may be': binding({
    cinder: { backends: Array.from({ length: 8 }, (_, index) => ({ name: `${'A_'.repeat(31)}${index}` })) },
  }),
  'a back end in DEFAULT': binding({ cinder: { backends: [{ name: 'ceph', section: 'DEFAULT' }] } }),
  Havana: binding({ openstack: { release: 'havana' } }),
  'options of its own': binding({
    cephConf: { client: { 'rbd cache size': '1' } },
    extraConfig: { 'cinder.conf': { 'backend.1:a-b': { enable_x: '$(not a shell) "quoted" ../' } } },
  }),
  'budgets as numbers and shares': binding({ rollout: { maxUnavailable: { GlanceApi: 2, others: '25%' } } }),
  'OpenStack asked': binding({ verification: { openStack: { secretName: 'cloud-admin' } } }),
  'as much as there may be': binding({
    hosts: Array.from({ length: 1000 }, (_, index) => ({
      name: `compute-${index}.${'rack'.repeat(20)}.example.org`,
      address: `compute-${index}.${'rack'.repeat(15)}.example.org`,
      roles: ['GlanceApi', 'CinderVolume', 'CinderBackup', 'NovaCompute'],
    })),
    extraConfig: { 'nova.conf': many(16, 'section', () => many(32, 'option', () => 'v'.repeat(500))) },
    cephConf: { global: many(64, 'option ', () => 'v'.repeat(1024)), client: many(64, 'option_', () => 'v') },
  }),
  'a host': host({ revision: { current: 'cloud-1', next: 'cloud-2' }, port: 2222 }),
};
