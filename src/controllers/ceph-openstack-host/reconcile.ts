import { type CephOpenStackHost, parseCephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { hostRefusal, takeOverRefusal } from '../../api/policy.ts';
import { Invalid, Waiting } from '../../errors.ts';
import type { ManifestHost, ManifestOwner } from '../../hosts/manifest.ts';
import type { HostTarget, SshConnection } from '../../hosts/ssh-access.ts';
import { parseSshAccess } from '../../hosts/ssh-secret.ts';
import type { Cache } from '../../kube/cache.ts';
import {
  bindingKind,
  controllerRevisionKind,
  hostKind as hosts,
  keyOf,
  parseKey,
  poolKind,
  secretKind,
} from '../../kube/kinds.ts';
import type { Reconciler } from '../../kube/reconciler.ts';
import { type Registered, register, watch } from '../../kube/registration.ts';
import { poolsPerhapsKnownAs } from '../clusters-on-hosts.ts';
import { imagesIn } from '../images-in.ts';
import { revisionContent } from '../revision-content.ts';
import { policyIn, type SecretData, type SecretReader } from '../secrets.ts';
import { applyHostSteps } from './apply.ts';
import { describeHostStep, hostRepair } from './describe.ts';
import type { PlannedStep } from './draft.ts';
import { measureHosts } from './measure.ts';
import { type HostConnection, type NamedRevision, observe, type Reach } from './observe.ts';
import type { ClientKey, Observed } from './observed.ts';
import { type FormerBinding, type HostOwner, listsMachine } from './ownership.ts';
import { createPatience, type Patience } from './patience.ts';
import { planHost } from './plan.ts';
import { hostStatus } from './status.ts';

export interface HostTools {
  readonly secrets: SecretReader;
  readonly cache: Cache;
  readonly ssh: { connection(target: HostTarget): SshConnection };
  /** The namespaces that are watched; empty: all. */
  readonly namespaces: readonly string[];
  /** Names this operator in manifests on hosts. */
  readonly installation: string;
  readonly lookEveryMs: number;
}

/** A CephOpenStackHost wakes when its binding's Secrets or revisions change; else it looks at its pace. */
export function hostKind(tools: HostTools): Registered {
  const hostsThat = (wanted: (host: CephOpenStackHost) => boolean, namespace: string) =>
    tools.cache.list(hosts, namespace).filter(wanted).map(keyOf);
  return register({
    kind: hosts,
    parse: parseCephOpenStackHost,
    reconciler: hostReconciler(tools),
    watches: [
      watch(secretKind, ({ metadata: { namespace, name } }) =>
        hostsThat(
          (host) => host.spec.ssh.secretName === name || usedSecrets(host, tools.cache).includes(name),
          namespace,
        ),
      ),
      watch(controllerRevisionKind, ({ metadata: { namespace, name } }) =>
        hostsThat(({ spec }) => Object.values(spec.revision ?? {}).includes(name), namespace),
      ),
    ],
    measure: measureHosts,
    lookEveryMs: tools.lookEveryMs,
    // Most of them wait for machines that do not answer; how many scripts run at once, the pool of connections bounds.
    workers: 128,
    orderedStages: true,
    // Longer than a package manager may take.
    passTimeoutMs: 16 * 60_000,
  });
}

/** The Secrets of the clients that the host's revisions speak of. */
function usedSecrets(host: CephOpenStackHost, cache: Cache): readonly string[] {
  const { namespace } = host.metadata;
  return Object.values(host.spec.revision ?? {})
    .flatMap((name) => cache.get(controllerRevisionKind, { namespace, name }) ?? [])
    .flatMap((revision) => revisionContent(revision)?.roles ?? [])
    .flatMap((role) => [...role.distribute.keyrings, ...role.distribute.libvirtSecrets])
    .map((item) => item.secretName);
}

function hostReconciler(tools: HostTools): Reconciler<CephOpenStackHost, HostConnection, Observed, PlannedStep> {
  const patience = createPatience((key) => tools.cache.get(hosts, parseKey(key)) !== undefined);
  return {
    connect: (host, signal) => connect(host, tools, signal),
    observe: (host, connection, signal) => patiently(patience, keyOf(host), () => observe(host, connection, signal)),
    plan: planHost,
    apply: async (stage, _host, connection, done, signal) => {
      if (connection.kind === 'reach') await applyHostSteps(stage, connection.ssh, done, signal);
    },
    describe: describeHostStep,
    repair: hostRepair,
    status: hostStatus,
  };
}

async function patiently<T>(patience: Patience, key: string, look: () => Promise<T>): Promise<T> {
  try {
    const seen = await look();
    patience.answered(key);
    return seen;
  } catch (error) {
    if (!(error instanceof Waiting) || error.reason !== 'HostUnreachable') throw error;
    throw new Waiting(error.reason, error.message, { retryAfterMs: patience.silent(key), cause: error });
  }
}

async function connect(host: CephOpenStackHost, tools: HostTools, signal: AbortSignal): Promise<HostConnection> {
  const deleting = host.metadata.deletionTimestamp !== undefined;
  if (deleting && host.spec.hostRemoval === 'Retain') return { kind: 'let-go' };
  const { namespace } = host.metadata;
  const { address, hostKeyFingerprint } = host.spec;
  const secretName = host.spec.ssh.secretName;
  const data = await tools.secrets.readSecret(namespace, secretName, signal);
  if (data === undefined) {
    const missing = `The SSH Secret "${secretName}" does not exist`;
    throw deleting
      ? new Waiting('ConnectionGone', `${missing}: bring it back, or annotate with cephopenstack.io/abandon=true.`)
      : new Waiting('ConnectionMissing', `${missing}: create it in the namespace "${namespace}".`);
  }
  const policy = policyIn(data, secretName);
  const refusal = hostRefusal(policy, address, host.spec.roles);
  if (refusal !== undefined) throw new Invalid('PolicyForbids', refusal);
  const self = hostNamedBy(host);
  const ssh = tools.ssh.connection({
    ...self,
    ...(hostKeyFingerprint === undefined ? {} : { hostKeyFingerprint }),
    access: parseSshAccess(secretName, reveal(data)),
  });
  const current = deleting ? undefined : readRevision(host, tools, host.spec.revision?.current);
  const next = deleting ? undefined : readRevision(host, tools, host.spec.revision?.next);
  const { installation } = tools;
  const owner = { installation, namespace, name: host.spec.bindingName, host: self };
  const isPlan = host.spec.mode === 'Plan' && !deleting;
  const planned = isPlan ? readRevision(host, tools, host.spec.revision?.planned) : undefined;
  return {
    kind: 'reach',
    ssh,
    current,
    next,
    planned,
    keys: await readKeys(host, tools, [planned, next, current], signal),
    owner,
    former: (other) => formerOwner(other, owner, tools),
    takeOverRefusal: takeOverRefusal(policy),
    imagesIn: imagesByConf(host, tools.cache),
  };
}

function imagesByConf({ spec, metadata: { namespace } }: CephOpenStackHost, cache: Cache): Reach['imagesIn'] {
  const pools = cache.list(poolKind, namespace);
  const binding = cache.get(bindingKind, { namespace, name: spec.bindingName });
  return (pool, conf) => imagesIn(poolsPerhapsKnownAs(conf, binding, pools), pool);
}

function formerOwner(owner: ManifestOwner, own: HostOwner, tools: HostTools): FormerBinding {
  const { namespaces, installation, cache } = tools;
  const isWatched = namespaces.length === 0 || namespaces.includes(owner.namespace);
  if (owner.installation !== installation || !isWatched) return 'unknown';
  // One that is being let go of is still at it.
  const objects = cache.list(hosts, owner.namespace).filter(({ spec }) => spec.bindingName === owner.name);
  const listed = cache.get(bindingKind, owner)?.spec.hosts ?? [];
  return listsMachine([...listed, ...objects.map(hostNamedBy)], owner, own) ? 'lists-it' : 'let-go';
}

function hostNamedBy({ spec: { hostName: name, address, port } }: CephOpenStackHost): ManifestHost {
  return { name, address, ...(port === undefined ? {} : { port }) };
}

/** Read once and on the spot: what must stay unseen of it becomes a Secret again. */
function reveal(data: SecretData): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.reveal()]));
}

function readRevision(host: CephOpenStackHost, tools: HostTools, name: string | undefined): NamedRevision | undefined {
  if (name === undefined) return undefined;
  const revision = tools.cache.get(controllerRevisionKind, { namespace: host.metadata.namespace, name });
  if (revision === undefined) {
    throw new Waiting('WaitingForRevision', `The ControllerRevision "${name}" is not there yet.`);
  }
  const data = revisionContent(revision);
  if (data !== undefined) return { name, data };
  const message = `The content of ControllerRevision "${name}" is not what it was named after: somebody changed it. The binding makes it anew, or says what it wants for that.`;
  throw new Waiting('WaitingForRevision', message);
}

/** The keys that the revisions speak of. */
async function readKeys(
  host: CephOpenStackHost,
  tools: HostTools,
  revisions: readonly (NamedRevision | undefined)[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ClientKey>> {
  const keys = new Map<string, ClientKey>();
  const wanted = revisions
    .flatMap((revision) => revision?.data.roles ?? [])
    .filter((role) => host.spec.roles.includes(role.role))
    .flatMap((role) => [...role.distribute.keyrings, ...role.distribute.libvirtSecrets]);
  for (const secretName of new Set(wanted.map((one) => one.secretName))) {
    const data = await tools.secrets.readSecret(host.metadata.namespace, secretName, signal);
    if (data?.userKey === undefined || data.keyring === undefined) continue;
    keys.set(secretName, { key: data.userKey, keyring: data.keyring });
  }
  return keys;
}
