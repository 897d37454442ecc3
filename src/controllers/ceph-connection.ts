import type { Policy } from '../api/policy.ts';
import type { ObjectMeta } from '../api/resource.ts';
import type { Cluster, Clusters } from '../ceph/cluster.ts';
import { type Connection, parseConnection } from '../ceph/connection.ts';
import { Waiting } from '../errors.ts';
import { policyIn, type SecretData, type SecretReader } from './secrets.ts';

/** A cluster, and what its administrator lets resources ask of it. */
export interface CephConnection {
  readonly cluster: Cluster;
  readonly policy: Policy;
}

/** A resource that says by which Secret its cluster is reached. */
interface InCluster {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly cluster: { readonly secretName: string } };
}

/** Throws Waiting or Invalid when the Secret is missing or wrong. Does not contact the cluster yet. */
export async function connectCeph(
  resource: InCluster,
  clusters: Clusters,
  kube: SecretReader,
  signal: AbortSignal,
): Promise<CephConnection> {
  const { namespace, deletionTimestamp } = resource.metadata;
  const { secretName } = resource.spec.cluster;
  const data = await kube.readSecret(namespace, secretName, signal);
  if (data === undefined) {
    const missing = `The connection Secret "${secretName}" does not exist`;
    throw deletionTimestamp === undefined
      ? new Waiting('ConnectionMissing', `${missing}: create it in the namespace "${namespace}".`)
      : new Waiting(
          'ConnectionGone',
          `${missing}, so nothing can be removed from Ceph: bring it back, or annotate this object with cephopenstack.io/abandon=true.`,
        );
  }
  const { connection, policy } = read(secretName, data);
  return { cluster: clusters.get(connection), policy };
}

interface ReadSecret {
  readonly connection: Connection;
  readonly policy: Policy;
}

const readSecrets = new WeakMap<SecretData, ReadSecret>();

/** A hundred resources share one Secret, at every look. */
function read(secretName: string, data: SecretData): ReadSecret {
  const known = readSecrets.get(data) ?? {
    connection: parseConnection(secretName, data),
    policy: policyIn(data, secretName),
  };
  readSecrets.set(data, known);
  return known;
}
