import {
  type CephClientAuth,
  clientNameOf,
  clientSecretNameOf,
  parseCephClientAuth,
} from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { type CephOpenStackHost, parseCephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { parseRbdPool, type RbdPool } from '../../api/rbd-pool.ts';
import { apiVersion, type Resource } from '../../api/resource.ts';
import { clientNeeds, type Needs, needsOf, poolNeeds } from '../../controllers/binding-needs.ts';
import { type ChildManifest, hostManifest, needManifest } from '../../controllers/ceph-openstack-binding/children.ts';
import { hostProblem } from '../../controllers/ceph-openstack-binding/host-problem.ts';
import type { HostView } from '../../controllers/ceph-openstack-binding/host-view.ts';
import { claimedByOthers, poolsOfOthers } from '../../controllers/ceph-openstack-binding/observe.ts';
import type { ClientSecret, Observed } from '../../controllers/ceph-openstack-binding/observed.ts';
import { openStackModel } from '../../controllers/ceph-openstack-binding/openstack-model.ts';
import { childProblems, secretProblem, specProblem } from '../../controllers/ceph-openstack-binding/problems.ts';
import { planRollout } from '../../controllers/ceph-openstack-binding/rollout.ts';
import type { DesiredHost, Refusal } from '../../openstack/desired-host.ts';
import { projectOf } from '../../openstack/distributions.ts';
import { desiredHost, type Machine } from '../../openstack/merge-roles.ts';
import type { Input } from './input.ts';
import { type RunningWorld, releaseOf, type Values } from './running-world.ts';

/** A machine of a binding, and what it is to have. */
export interface HostDraft {
  readonly host: CephOpenStackBinding['spec']['hosts'][number];
  readonly machine: Machine;
  readonly desired: DesiredHost;
}

/** Pools and users, of a binding or of the whole input. */
export interface Children {
  readonly pools: readonly RbdPool[];
  readonly clients: readonly CephClientAuth[];
}

/** What a binding comes to once its pools, users and hosts are there and healthy. */
export interface Draft {
  readonly hosts: readonly HostDraft[];
  /** Whole sentences; with any of them, `hosts` is not all. */
  readonly faults: readonly string[];
}

/** What the controller would come to, by its own judgement, in a world that gives no trouble and holds all of `input`. */
export function draftBinding(
  binding: CephOpenStackBinding,
  input: Input,
  all: Children,
  world: RunningWorld,
  values: Values,
): Draft {
  const needs = needsOf(binding);
  const observed = observe(binding, needs, input, all, world, values);
  const refusal = specProblem(binding, observed);
  const first = [...unsaidReleases(binding, world), ...(refusal?.stalled === true ? [refusal.message] : [])];
  if (first.length > 0) return { hosts: [], faults: first };
  const unseen = unseenReferences(needs, observed);
  if (unseen.length > 0) return { hosts: [], faults: unseen };
  const children = childProblems(binding, needs, observed).map(({ message }) => message);
  const model = children.length > 0 ? undefined : openStackModel(binding, observed, values.secretUuid);
  const clash = model === undefined ? undefined : secretProblem(model);
  if (clash !== undefined) children.push(clash.message);
  const { target, hosts: views, problems } = planRollout(binding, needs, observed, model);
  const refused = [
    ...children,
    ...problems.map(({ message }) => message),
    ...views.flatMap((view) => hostProblem(binding, observed, view).map(({ sentence }) => sentence)),
  ];
  return {
    hosts: views.map((view) => draftHost(binding, view, target)).filter((draft) => draft !== undefined),
    faults: [...new Set(refused)],
  };
}

function draftHost(
  binding: CephOpenStackBinding,
  { name, machine, refusal }: HostView,
  target: ReturnType<typeof planRollout>['target'],
): HostDraft | undefined {
  const host = binding.spec.hosts.find((candidate) => candidate.name === name);
  if (host === undefined || machine === undefined || refusal !== undefined || target === undefined) return undefined;
  const desired: DesiredHost | Refusal = desiredHost(target.data, machine);
  return 'refused' in desired ? undefined : { host, machine, desired };
}

/** In the running world they may be there; here they have to be shown, for names follow from them. */
function unseenReferences(needs: Needs, { pools, clients }: Observed): readonly string[] {
  const unseen = [
    ...poolNeeds(needs)
      .filter(({ own, objectName }) => own === undefined && !pools.has(objectName))
      .map(({ objectName }) => `RbdPool "${objectName}"`),
    ...clientNeeds(needs)
      .filter(({ own, objectName }) => own === undefined && !clients.has(objectName))
      .map(({ objectName }) => `CephClientAuth "${objectName}"`),
  ];
  return unseen.map((what) => `${what} is not in the input: give its file as well, or correct the reference.`);
}

/** Without packages to read it from, a release has to be said. */
function unsaidReleases(binding: CephOpenStackBinding, world: RunningWorld): readonly string[] {
  const { openstack, hosts } = binding.spec;
  const projects = new Set(hosts.flatMap((host) => host.roles.map((role) => projectOf[role])));
  // One that is said and not known is told by the judgement of the spec.
  if (openstack?.release !== undefined) return [];
  const unsaid = [...projects].filter((project) => releaseOf(world, project, undefined) === undefined).sort();
  if (unsaid.length === 0) return [];
  return [
    `The hosts' packages tell the release of ${unsaid.join(', ')}: say it with --release, such as --release 2025.1.`,
  ];
}

/** The pools and users that a binding makes itself. */
export function childrenOf(binding: CephOpenStackBinding): Children {
  const needs = needsOf(binding);
  return {
    pools: poolNeeds(needs)
      .filter((need) => need.own !== undefined)
      .map((need) => parseRbdPool(healthy('RbdPool', needManifest(binding, need)))),
    clients: clientNeeds(needs)
      .filter((need) => need.own !== undefined)
      .map((need) => parseCephClientAuth(healthy('CephClientAuth', needManifest(binding, need)))),
  };
}

const ready = { type: 'Ready', status: 'True', reason: 'Converged', message: '' };

/** An object as it is when all goes well. */
function healthy(kind: string, { metadata, spec }: ChildManifest, facts?: object): unknown {
  const { namespace, name } = metadata;
  const bare = { uid: `${kind}/${namespace}/${name}`, generation: 1, resourceVersion: '', creationTimestamp: '' };
  const status = { observedGeneration: 1, conditions: [ready], ...(facts === undefined ? {} : { facts }) };
  return { apiVersion, kind, metadata: { ...bare, ...metadata }, spec, status };
}

function observe(
  binding: CephOpenStackBinding,
  needs: Needs,
  input: Input,
  all: Children,
  world: RunningWorld,
  values: Values,
): Observed {
  const { namespace } = binding.metadata;
  const clients = inNamespace(namespace, all.clients);
  const secrets = clientNeeds(needs).flatMap((need): [string, ClientSecret][] => {
    const client = clients.get(need.objectName);
    if (client === undefined) return [];
    const { fsid, monHost } = values.ofCluster(client.spec.cluster.secretName);
    const secret = { userId: clientNameOf(client), fingerprint: '', fsid, monHost };
    return [[clientSecretNameOf(client), secret]];
  });
  const hosts = binding.spec.hosts.map((host) => lookedAt(binding, host, world));
  const bindings = input.bindings.map(({ object }) => object);
  return {
    pools: inNamespace(namespace, all.pools),
    clients,
    hosts: new Map(hosts.map((host) => [host.metadata.name, host])),
    revisions: [],
    alteredRevisions: [],
    refused: new Map(),
    clientSecrets: new Map(secrets),
    fsids: new Map(clientNeeds(needs).map(({ cluster }) => [cluster, values.ofCluster(cluster).fsid])),
    policy: input.secrets.get(`${namespace}/${binding.spec.ssh.secretName}`)?.policy,
    claimedByOthers: claimedByOthers(binding, bindings),
    counts: new Map(),
    poolsOfOthers: poolsOfOthers(binding, bindings),
  };
}

function inNamespace<R extends Resource>(namespace: string, objects: readonly R[]): ReadonlyMap<string, R> {
  const status = { observedGeneration: 1, conditions: [ready] };
  return new Map(
    objects
      .filter(({ metadata }) => metadata.namespace === namespace)
      .map((object) => [object.metadata.name, { ...object, status }]),
  );
}

/** A host as its object is once the machine has been looked at. */
function lookedAt(binding: CephOpenStackBinding, host: HostDraft['host'], world: RunningWorld): CephOpenStackHost {
  const { distribution, family, initSystem } = world;
  const projects = new Set(host.roles.map((role) => projectOf[role]));
  const said = binding.spec.openstack?.release;
  const releases = Object.fromEntries([...projects].map((project) => [project, releaseOf(world, project, said)]));
  const facts = { distribution, family, initSystem, releases: JSON.parse(JSON.stringify(releases)) };
  return parseCephOpenStackHost(healthy('CephOpenStackHost', hostManifest(binding, host, undefined), facts));
}
