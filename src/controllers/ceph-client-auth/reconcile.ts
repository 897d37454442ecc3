import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Clusters } from '../../ceph/cluster.ts';
import type { Reconciler } from '../../kube/reconciler.ts';
import { applyTogether } from '../apply-together.ts';
import { connectCeph } from '../ceph-connection.ts';
import type { SecretReader } from '../secrets.ts';
import { applyClientStep, type KeepSecret } from './apply.ts';
import { type ClientConnection, type KeptSecrets, observeClient } from './observe.ts';
import type { Observed } from './observed.ts';
import { planClient } from './plan.ts';
import { clientStatus } from './status.ts';
import { type ClientStep, clientRepair, describeClientStep } from './steps.ts';
import { usersOfClient } from './users.ts';

/** What this kind needs of Kubernetes. The lists are of all namespaces that are watched, and may lag a moment. */
export interface ClientKube extends SecretReader, KeptSecrets {
  readonly keepSecret: KeepSecret;
  pools(): readonly RbdPool[];
  clients(): readonly CephClientAuth[];
  bindings(): readonly CephOpenStackBinding[];
  hosts(): readonly CephOpenStackHost[];
}

export interface ClientTools {
  readonly kube: ClientKube;
  readonly clusters: Clusters;
  readonly installation: string;
  /** How often hosts are looked at. */
  readonly hostLookMs: number;
}

export function cephClientAuthReconciler(
  tools: ClientTools,
): Reconciler<CephClientAuth, ClientConnection, Observed, ClientStep> {
  return {
    connect: (client, signal) => connect(client, tools, signal),
    observe: observeClient,
    plan: planClient,
    apply: async (stage, client, connection, done, signal) => {
      if (connection.kind === 'let-go') return;
      const { keepSecret } = tools.kube;
      await applyTogether(stage, (step) => applyClientStep(step, client, connection, keepSecret, signal), done);
    },
    describe: describeClientStep,
    repair: clientRepair,
    status: clientStatus,
  };
}

async function connect(
  client: CephClientAuth,
  { kube, clusters, installation, hostLookMs }: ClientTools,
  signal: AbortSignal,
): Promise<ClientConnection> {
  const { namespace, name, deletionTimestamp } = client.metadata;
  if (deletionTimestamp !== undefined && client.spec.deletionPolicy === 'Retain') return { kind: 'let-go' };
  return {
    kind: 'reach',
    ...(await connectCeph(client, clusters, kube, signal)),
    owner: { installation, namespace, name },
    secrets: kube,
    siblings: kube.clients(),
    rbdPools: kube.pools(),
    hosts: kube.hosts(),
    bindings: kube.bindings(),
    // Looks are spread a little, and take their time.
    clock: { nowMs: Date.now(), graceMs: 2 * hostLookMs },
    users: usersOfClient(client, kube.bindings(), kube.hosts()),
  };
}
