import { type ApiObject, binding, client, host, pool } from '../api-objects.ts';

/** A change of an object, and words of the refusal; without them it must be let through. */
export interface Transition {
  readonly what: string;
  readonly from: ApiObject;
  readonly to: ApiObject;
  readonly says?: string;
}

/** A change of an object that today would not be let in, and that stood there before the rules that refuse it. */
export const oldObjects: readonly Transition[] = [
  {
    what: 'a user with its client., and other pools',
    from: client({ clientName: 'client.a' }),
    to: client({ clientName: 'client.a', access: [{ pool: 'volumes', mode: 'ReadOnly' }] }),
  },
  {
    what: 'an address with a port, and one role more',
    from: binding({ hosts: [{ name: 'a', address: '10.0.0.1:22', roles: ['GlanceApi'] }] }),
    to: binding({ hosts: [{ name: 'a', address: '10.0.0.1:22', roles: ['GlanceApi', 'CinderVolume'] }] }),
  },
  {
    what: 'a number that is no address, and then one',
    from: binding({ hosts: [{ name: 'a', address: '10.0.0.311', roles: ['GlanceApi'] }] }),
    to: binding({ hosts: [{ name: 'a', address: '10.0.0.31', roles: ['GlanceApi'] }] }),
  },
  {
    what: 'a port, and then another',
    from: binding({ hosts: [{ name: 'a', address: '10.0.0.1:22', roles: ['GlanceApi'] }] }),
    to: binding({ hosts: [{ name: 'a', address: '10.0.0.1:23', roles: ['GlanceApi'] }] }),
    says: 'write the port in port',
  },
];

const other = { cluster: { secretName: 'other' } };
const backends = (...items: object[]) => binding({ cinder: { backends: items } });

export const transitions: readonly Transition[] = [
  { what: 'another cluster', from: pool(), to: pool(other), says: 'cluster is immutable' },
  { what: 'another cluster', from: client(), to: client(other), says: 'cluster is immutable' },
  { what: 'another cluster', from: binding(), to: binding(other), says: 'cluster is immutable' },
  { what: 'the same again', from: pool(), to: pool() },
  {
    what: 'another pool',
    from: pool({ poolName: 'a' }),
    to: pool({ poolName: 'b' }),
    says: 'spec.poolName is immutable',
  },
  {
    what: 'a pool that was the default',
    from: pool(),
    to: pool({ poolName: 'b' }),
    says: 'spec.poolName is immutable',
  },
  { what: 'a pool left out', from: pool({ poolName: 'b' }), to: pool(), says: 'spec.poolName is immutable' },
  { what: 'the default written out', from: pool(), to: pool({ poolName: 'sample' }) },
  { what: 'the default no longer written', from: pool({ poolName: 'sample' }), to: pool() },
  {
    what: 'other chunks',
    from: pool({ erasureCoded: { dataChunks: 2, codingChunks: 1 } }),
    to: pool({ erasureCoded: { dataChunks: 4, codingChunks: 2 } }),
    says: 'erasureCoded is immutable',
  },
  {
    what: 'erasure coding of a pool of copies',
    from: pool(),
    to: pool({ erasureCoded: { dataChunks: 2, codingChunks: 1 } }),
    says: 'erasureCoded is immutable',
  },
  {
    what: 'size, quota and mode',
    from: pool(),
    to: pool({ replicated: { size: 2 }, quota: { maxBytes: '1Ti' }, mode: 'Plan' }),
  },
  {
    what: 'another user',
    from: client({ clientName: 'a' }),
    to: client({ clientName: 'b' }),
    says: 'spec.clientName is immutable',
  },
  {
    what: 'a user that was the default',
    from: client(),
    to: client({ clientName: 'b' }),
    says: 'clientName is immutable',
  },
  { what: 'the default user written out', from: client(), to: client({ clientName: 'sample' }) },
  {
    what: 'another type of key',
    from: client({ keyType: 'Aes' }),
    to: client({ keyType: 'Aes256k' }),
    says: 'keyType is never changed in place',
  },
  {
    what: 'a type of key left out',
    from: client({ keyType: 'Aes' }),
    to: client(),
    says: 'keyType is never changed in place',
  },
  { what: 'a type of key written later', from: client(), to: client({ keyType: 'Aes' }) },
  { what: 'other pools', from: client(), to: client({ access: [{ pool: 'volumes', mode: 'ReadOnly' }] }) },
  {
    what: 'from access to caps',
    from: client(),
    to: client({ access: undefined, caps: { mon: 'allow r' } }),
  },
  {
    what: 'another pool of a section',
    from: binding({ glance: { pool: { poolName: 'a' } } }),
    to: binding({ glance: { pool: { poolName: 'b' } } }),
    says: 'poolName is immutable',
  },
  {
    what: 'another user of a section',
    from: binding({ glance: { client: { clientName: 'a' } } }),
    to: binding({ glance: { client: {} } }),
    says: 'clientName is immutable',
  },
  {
    what: 'another pool of a back end',
    from: backends({ name: 'a' }, { name: 'b', pool: { poolName: 'x' } }),
    to: backends({ name: 'b', pool: { poolName: 'y' } }, { name: 'a' }),
    says: 'poolName is immutable',
  },
  {
    what: 'a back end given another cluster',
    from: backends({ name: 'a' }, { name: 'b' }),
    to: backends({ name: 'a' }, { name: 'b', ...other }),
    says: 'cluster is immutable',
  },
  {
    what: 'a back end taken to the binding’s cluster',
    from: backends({ name: 'a' }, { name: 'b', ...other }),
    to: backends({ name: 'a' }, { name: 'b' }),
    says: 'cluster is immutable',
  },
  {
    what: 'a back end of another cluster more',
    from: backends({ name: 'a' }),
    to: backends({ name: 'a' }, { name: 'b', ...other }),
  },
  {
    what: 'a back end that is spelled otherwise',
    from: backends({ name: 'rbd' }, { name: 'tripleo_ceph' }),
    to: backends({ name: 'rbd' }, { name: 'tripleo-ceph' }),
    says: 'cannot change in capitals',
  },
  { what: 'a back end with another name', from: backends({ name: 'ceph_1' }), to: backends({ name: 'ceph_2' }) },
  { what: 'one back end more', from: backends({ name: 'a' }), to: backends({ name: 'b' }, { name: 'a' }) },
  {
    what: 'hosts and roles',
    from: binding(),
    to: binding({ hosts: [{ name: 'ctl1', address: '10.0.0.12', roles: ['CinderVolume'] }] }),
  },
  { what: 'another host name', from: host(), to: host({ hostName: 'x' }), says: 'hostName is immutable' },
  { what: 'another binding', from: host(), to: host({ bindingName: 'x' }), says: 'bindingName is immutable' },
  { what: 'another revision', from: host(), to: host({ revision: { next: 'cloud-1' } }) },
];

/** Objects of which the last fields of a section are taken out again, which stays there. */
export const emptied: readonly (readonly [full: ApiObject, empty: ApiObject])[] = [
  [binding({ glance: { chunkSizeMB: 16 } }), binding({ glance: {} })],
  [binding({ nova: { ephemeral: { pool: { poolName: 'vms' } } } }), binding({ nova: { ephemeral: {} } })],
  [binding({ cinder: { backends: [{ name: 'ceph', pool: { poolName: 'a' } }] } }), binding({ cinder: {} })],
  [binding({ cinderBackup: { client: { keyType: 'Aes' } } }), binding({ cinderBackup: {} })],
  [binding({ cephConf: { client: { 'rbd cache': 'true' } } }), binding({ cephConf: {} })],
  [pool({ quota: { maxObjects: 5 } }), pool({ quota: {} })],
];
