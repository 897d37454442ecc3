import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Reason } from '../../api/conditions.ts';
import { optionRefusal, takeOverRefusal } from '../../api/policy.ts';
import type { Resource } from '../../api/resource.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { RevisionData } from '../../openstack/desired-host.ts';
import type { Client, OpenStackModel } from '../../openstack/model.ts';
import { parseRelease } from '../../openstack/releases.ts';
import { plural } from '../../plural.ts';
import { clientNeeds, clientUses, type Needs, needsOf, poolNeeds, poolUses } from '../binding-needs.ts';
import { confPathOf } from '../clusters-on-hosts.ts';
import { isForetold } from '../foretold.ts';
import { passing, stalled } from '../hold.ts';
import { accessProblems } from './access-problems.ts';
import { hostObjectName, isChildOf } from './children.ts';
import { nameProblem } from './name-problem.ts';
import type { Observed } from './observed.ts';
import { clusterOf, secretOf } from './openstack-model.ts';

/** What a person must mend in the binding itself before anything is done for it. */
export function specProblem(binding: CephOpenStackBinding, observed: Observed): Hold | undefined {
  const { hosts, openstack, cinder, adoption } = binding.spec;
  const tooLong = hosts.find((host) => hostObjectName(binding, host.name).length > 253);
  if (tooLong !== undefined) {
    return stalled(
      'InvalidSpec',
      `The name of the host "${tooLong.name}" is too long: its object would have more than 253 characters.`,
    );
  }
  if (openstack?.release !== undefined && parseRelease(openstack.release) === undefined) {
    return stalled(
      'InvalidSpec',
      `spec.openstack.release "${openstack.release}" is no known release: write one from havana to 2026.2.`,
    );
  }
  const sections = (cinder?.backends ?? []).map((backend) => backend.section ?? backend.name);
  const twice = sections.find((section, index) => sections.indexOf(section) !== index);
  if (twice !== undefined) {
    return stalled('InvalidSpec', `Two back ends have the section "${twice}": give each its own.`);
  }
  const needs = needsOf(binding);
  const shared = nameProblem(needs);
  if (shared !== undefined) return shared;
  const here = binding.spec.cluster.secretName;
  const clash = needs.backends.find(
    ({ cluster }) => cluster !== here && confPathOf(binding, cluster) === confPathOf(binding, here),
  );
  if (clash !== undefined) {
    return stalled(
      'InvalidSpec',
      `The clusters of "${here}" and, by the back end "${clash.name}", of "${clash.cluster}" would both be ${confPathOf(binding, here)} on hosts: give spec.cephConf.path another name, or that Secret.`,
    );
  }
  const { policy } = observed;
  const { secretName } = binding.spec.ssh;
  if (policy === undefined) {
    if (adoption !== 'TakeOver' && extraOptions(binding).length === 0) return undefined;
    // Its policy has to allow these before anything of them reaches a revision.
    return passing('ConnectionMissing', `The SSH Secret "${secretName}" does not exist: create it in this namespace.`);
  }
  const takeOver = adoption === 'TakeOver' ? takeOverRefusal(policy) : undefined;
  const refusal =
    takeOver ??
    extraOptions(binding)
      .map((option) => optionRefusal(policy, ...option))
      .find(isText);
  return refusal === undefined ? undefined : stalled('PolicyForbids', refusal);
}

/** Options that the binding writes beyond what is known, by file, section and name: only with the policy's word. */
function extraOptions({ spec }: CephOpenStackBinding): readonly [file: string, section: string, option: string][] {
  const files = Object.entries({
    ...spec.extraConfig,
    'ceph.conf': { global: spec.cephConf?.global, client: spec.cephConf?.client },
  });
  return files.flatMap(([file, sections]) =>
    Object.entries(sections ?? {}).flatMap(([section, options]) =>
      Object.keys(options ?? {}).map((option): [string, string, string] => [file, section, option]),
    ),
  );
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** Why the pools and users are not as they are needed: what only a person can mend first, then pools before users. */
export function childProblems(binding: CephOpenStackBinding, needs: Needs, observed: Observed): readonly Hold[] {
  const pools = poolNeeds(needs).map((need) =>
    childProblem(binding, 'RbdPool', need, observed.pools.get(need.objectName), 'WaitingForPool'),
  );
  const clients = clientNeeds(needs).map((need) => {
    const client = observed.clients.get(need.objectName);
    const problem = childProblem(binding, 'CephClientAuth', need, client, 'WaitingForClient');
    if (problem !== undefined || secretOf(need, observed) !== undefined) return problem;
    return passing('WaitingForClient', `The Secret of CephClientAuth "${need.objectName}" is not there yet.`);
  });
  const elsewhere = clusterProblems(binding, needs, observed);
  const powerless = elsewhere.length > 0 ? [] : accessProblems(needs, observed);
  const all = [...pools, ...clients, ...elsewhere, ...powerless].filter((problem) => problem !== undefined);
  return all.sort((a, b) => Number(b.stalled) - Number(a.stalled));
}

/** Pools and users that are in another cluster than the section which uses them. */
function clusterProblems(binding: CephOpenStackBinding, needs: Needs, observed: Observed): readonly Hold[] {
  const pools = poolUses(needs).flatMap((need) =>
    misplaced(need, 'RbdPool', observed.pools.get(need.objectName), 'pool'),
  );
  const clients = clientUses(needs).flatMap((need) => {
    // Two Secrets may lead to the binding's cluster; there the fsid says so.
    const isByAnySecret = need.cluster === binding.spec.cluster.secretName && need.own === undefined;
    const client = observed.clients.get(need.objectName);
    const elsewhere = isByAnySecret ? [] : misplaced(need, 'CephClientAuth', client, 'user');
    const found = secretOf(need, observed);
    const fsid = observed.fsids.get(need.cluster) ?? clusterOf(need.cluster, needs, observed)?.fsid;
    if (elsewhere.length > 0 || found === undefined || fsid === undefined || found.secret.fsid === fsid)
      return elsewhere;
    return `CephClientAuth "${need.objectName}" belongs to another cluster than the pools of "${need.cluster}": refer to a user of this cluster.`;
  });
  return [...new Set([...pools, ...clients])].map((message) => stalled('WrongCluster', message));
}

function misplaced(
  need: { readonly objectName: string; readonly cluster: string; readonly own?: unknown },
  kind: string,
  child: { readonly spec: { readonly cluster: { readonly secretName: string } } } | undefined,
  thing: string,
): readonly string[] {
  const there = child?.spec.cluster.secretName ?? need.cluster;
  if (there === need.cluster) return [];
  const wayOut =
    need.own === undefined
      ? `refer to a ${thing} of that cluster`
      : 'give the back end another name, for what it has stays in its cluster';
  return [`${kind} "${need.objectName}" is in the cluster of "${there}", not in that of "${need.cluster}": ${wayOut}.`];
}

function childProblem(
  binding: CephOpenStackBinding,
  kind: string,
  need: { readonly objectName: string; readonly own?: unknown },
  child: Resource | undefined,
  waiting: Reason,
): Hold | undefined {
  const what = `${kind} "${need.objectName}"`;
  if (child === undefined) {
    return passing(
      waiting,
      need.own === undefined
        ? `${what} does not exist: create it, or correct the reference.`
        : `${what} is not made yet.`,
    );
  }
  if (need.own !== undefined && !isChildOf(binding, child)) {
    return stalled(
      'AlreadyExists',
      `${what} exists and is not this binding's: rename or delete it, or refer to it instead.`,
    );
  }
  const conditions = child.status?.conditions ?? [];
  const ready = conditions.find((condition) => condition.type === 'Ready');
  if (ready?.status === 'True' && child.status?.observedGeneration === child.metadata.generation) return undefined;
  if (binding.spec.mode === 'Plan' && isForetold(child)) return undefined;
  if (ready === undefined || ready.status === 'True') return passing(waiting, `${what} is not ready yet.`);
  const isStalled = conditions.some((condition) => condition.type === 'Stalled' && condition.status === 'True');
  const isTold = isStalled || ready.reason === 'ChangesPlanned' || ready.reason === 'Failed';
  const reason = isTold ? ready.reason : waiting;
  return { reason, message: `${what}: ${ready.message}`, stalled: isStalled };
}

/** Two users must not share a libvirt secret: it has room for one key. */
export function secretProblem(model: OpenStackModel): Hold | undefined {
  const users = new Map<string, Client>();
  const identities = (model.cinder?.backends ?? []).map(({ client, libvirtSecret }) => ({ client, libvirtSecret }));
  for (const { client, libvirtSecret } of [...identities, ...(model.nova === undefined ? [] : [model.nova])]) {
    for (const uuid of [libvirtSecret.uuid, ...libvirtSecret.keep]) {
      const other = users.get(uuid);
      if (other !== undefined && other.secretName !== client.secretName) {
        const names = [other.userId, client.userId].sort().join(' and client.');
        const where = other.userId === client.userId ? ', which are of two clusters' : '';
        return stalled(
          'InvalidSpec',
          `The libvirt secret ${uuid} is given to client.${names}${where}: it holds one key, so give each user its own.`,
        );
      }
      users.set(uuid, client);
    }
  }
  return undefined;
}

/**
 * Volumes know their back end by its section and name; with another one, or none, nobody serves them any more. Refused
 * while the pool of a back end that would go holds images. Told by what the spec says, not by what can be rendered:
 * it must hold while pools or users are not ready, too.
 */
export function orphanProblem(
  inService: readonly RevisionData[],
  needs: Needs,
  imagesIn: (pool: string, conf: string) => number,
): Hold | undefined {
  const kept = new Set(needs.backends.map(({ section, name }) => `${section}#${name}`));
  const lost = inService
    .flatMap(backendsOf)
    .filter(({ identity, pool, conf }) => !kept.has(identity) && imagesIn(pool, conf) > 0)
    .map(
      ({ section, name, pool, conf }) =>
        `[${section}] "${name}" with ${plural(imagesIn(pool, conf), 'image')} in the pool "${pool}"`,
    );
  if (lost.length === 0) return undefined;
  return stalled(
    'VolumesWouldBeOrphaned',
    `Nothing would serve the volumes of ${[...new Set(lost)].sort().join(', ')} any more: keep the back end's section and name, or move its volumes away first.`,
  );
}

function backendsOf(data: RevisionData) {
  return data.roles
    .filter((role) => role.role === 'CinderVolume')
    .flatMap(({ switch: { options } }) =>
      options
        .filter((option) => option.name === 'volume_backend_name')
        .map(({ section, edit }) => {
          const name = edit.how === 'set' ? edit.value : '';
          const optionOf = (wanted: string): string => {
            const found = options.find((option) => option.section === section && option.name === wanted)?.edit;
            return found?.how === 'set' ? found.value : '';
          };
          const identity = `${section}#${name}`;
          return { section, name, identity, pool: optionOf('rbd_pool'), conf: optionOf('rbd_ceph_conf') };
        }),
    );
}
