import { entityOf } from '../../api/ceph-client-auth.ts';
import { poolNamesOf } from '../../api/rbd-pool.ts';
import { type PoolAccess, profileCaps, rightsOn } from '../../ceph/access-caps.ts';
import type { Caps } from '../../ceph/caps.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { type ClientNeed, type Needs, poolNeeds, type Writer, writers } from '../binding-needs.ts';
import { stalled } from '../hold.ts';
import type { Observed } from './observed.ts';

/**
 * Users that may not write the pools of the sections that use them. The proof on hosts would not tell: it only reads. What
 * a user should read beyond is no fault, but without it all is slow (copy-on-write.ts).
 */
export function accessProblems(needs: Needs, observed: Observed): readonly Hold[] {
  const problems = writers(needs).flatMap((writer) => accessProblem(writer, needs, observed) ?? []);
  return [...new Set(problems)].map((message) => stalled('InvalidSpec', message));
}

function accessProblem({ client, pool }: Writer, needs: Needs, observed: Observed): string | undefined {
  const rights = rightsOf(client, needs, observed);
  const names = poolNames(pool.objectName, needs, observed);
  if (rights === undefined || names === undefined) return undefined;
  const lacking = names.filter((name) => rights.on(name) !== 'ReadWrite');
  if (lacking.length === 0) return undefined;
  const what = lacking.map((name) => {
    const none = rights.isConfined(name) ? 'may not use all of' : 'may not use';
    const data = name === names[0] ? '' : `, which has the data of "${names[0]}"`;
    return `${rights.on(name) === 'ReadOnly' ? 'may only read' : none} the pool "${name}"${data}`;
  });
  const field = `${client.at}.${client.own === undefined ? 'clientRef' : 'client'}`;
  const where = client.own === undefined ? `CephClientAuth "${client.objectName}"` : field;
  const isNear = rights.cluster === pool.cluster;
  const grants = isNear ? [`poolRef: {name: ${pool.objectName}}`] : lacking.map((name) => `pool: ${name}`);
  const wayOut = rights.isWritten
    ? `add "${profileCaps(lacking.map((name) => ({ pool: name, mode: 'ReadWrite' }))).osd}" to caps.osd of ${where}`
    : `add ${grants.map((grant) => `{${grant}, mode: ReadWrite}`).join(' and ')} to the access of ${where}`;
  const other = client.own === undefined ? ', or refer to another user' : '';
  return `${field}: the user "${rights.entity}" ${what.join(' and ')}, where ${pool.at} writes: ${wayOut}${other}.`;
}

interface Rights {
  readonly entity: string;
  /** The connection Secret of the user's cluster. */
  readonly cluster: string;
  /** Whether its caps are written to the letter. */
  readonly isWritten: boolean;
  on(pool: string): ReturnType<typeof rightsOn>;
  /** Whether it has a right to an RBD namespace of the pool. */
  isConfined(pool: string): boolean;
}

/** As declared, not as they are: a user of the binding's own may be about to change. Undefined: not known yet. */
export function rightsOf(need: ClientNeed, needs: Needs, observed: Observed): Rights | undefined {
  const found = observed.clients.get(need.objectName)?.spec;
  const spec = need.own ?? found;
  if (spec === undefined) return undefined;
  const access: PoolAccess[] = [];
  for (const { poolRef, pool, mode, namespace } of spec.access ?? []) {
    const names = poolRef === undefined ? [pool ?? ''] : poolNames(poolRef.name, needs, observed);
    if (names === undefined) return undefined;
    access.push(...names.map((name) => ({ pool: name, mode, ...(namespace === undefined ? {} : { namespace }) })));
  }
  // One of 2014's style has the same rights to pools.
  const caps: Caps = spec.caps ?? profileCaps(access);
  return {
    entity: entityOf({ metadata: { name: need.objectName }, spec }),
    cluster: need.own === undefined ? (found?.cluster.secretName ?? need.cluster) : need.cluster,
    isWritten: spec.caps !== undefined,
    on: (pool) => rightsOn(pool, caps),
    isConfined: (pool) => access.some((grant) => grant.pool === pool && grant.namespace !== undefined),
  };
}

/** The names in Ceph of all pools that an RbdPool stands for; undefined: it is not there. */
export function poolNames(objectName: string, needs: Needs, { pools }: Observed): readonly string[] | undefined {
  const spec = poolNeeds(needs).find((need) => need.objectName === objectName)?.own ?? pools.get(objectName)?.spec;
  return spec && poolNamesOf({ metadata: { name: objectName }, spec });
}
