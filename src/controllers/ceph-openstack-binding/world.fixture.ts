import assert from 'node:assert/strict';
import { type CephClientAuth, clientNameOf, clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Reason } from '../../api/conditions.ts';
import { type Policy, parsePolicy } from '../../api/policy.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { ObjectMeta, Resource } from '../../api/resource.ts';
import { desiredHost, type Machine as OpenStackMachine } from '../../openstack/merge-roles.ts';
import { canonicalJson } from '../canonical.ts';
import { type ChildManifest, childMetadata } from './children.ts';
import { foretoldSecret } from './observe.ts';
import type { ClientSecret, Observed } from './observed.ts';
import { Cloud, servicesOf } from './openstack-view.fixture.ts';
import { planBinding } from './plan.ts';
import type { Revision } from './revisions.ts';
import { bindingWith } from './spec.fixture.ts';
import { type BindingStep, type ChildKind, kindOfVerb } from './steps.ts';
import type { Machine } from './world-machine.fixture.ts';

/** By the connection Secret. */
export const fsids: Readonly<Record<string, string>> = {
  'ceph-main': '5b1c2a3e-0000-4000-8000-000000000001',
  'ceph-east': '5b1c2a3e-0000-4000-8000-000000000002',
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Child = Omit<Mutable<Resource>, 'metadata' | 'spec'> & {
  metadata: Mutable<ObjectMeta>;
  spec: Record<string, unknown>;
};

/**
 * Kubernetes and the controllers of the children, in memory: children become Ready when they are looked at, a host does
 * what its object says, one look at a time.
 */
export class World {
  binding: CephOpenStackBinding;
  readonly children: Record<ChildKind, Map<string, Child>> = {
    RbdPool: new Map(),
    CephClientAuth: new Map(),
    CephOpenStackHost: new Map(),
  };
  readonly revisions = new Map<string, Revision>();
  readonly altered = new Set<string>();
  readonly refused = new Map<string, string>();
  readonly machines = new Map<string, Machine>();
  readonly keys = new Map<string, string>();
  /** Pools and users that their controllers have made in Ceph. */
  readonly made = new Set<string>();
  policy: Policy | undefined = parsePolicy(undefined);
  claimedByOthers = new Map<string, string>();
  poolsOfOthers = new Set<string>();
  readonly openStack = new Cloud();
  /** What is counted in a pool now; undefined: nobody has. */
  count = (pool: RbdPool): number | undefined => pool.status?.usage?.images;
  /** By the connection Secret. */
  monHosts: Record<string, string> = { 'ceph-main': '10.0.0.1', 'ceph-east': '10.1.0.1' };
  /** What happened to hosts and children, in order. */
  readonly history: string[] = [];
  #uid = 0;

  constructor(spec: Record<string, unknown>) {
    this.binding = bindingWith(spec, 1);
    this.#meetMachines();
  }

  change(spec: Record<string, unknown>): void {
    this.binding = bindingWith(spec, this.binding.metadata.generation + 1);
    this.#meetMachines();
  }

  delete(): void {
    this.binding = {
      ...this.binding,
      metadata: { ...this.binding.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
  }

  #meetMachines(): void {
    for (const { name } of this.binding.spec.hosts) {
      if (!this.machines.has(name)) this.machines.set(name, { power: 'on', release: '2025.1' });
    }
  }

  machine(name: string): Machine {
    return this.machines.get(name) ?? assert.fail(`no machine ${name}`);
  }

  observed(): Observed {
    const clients = this.#all<CephClientAuth>('CephClientAuth');
    const hosts = this.#all<CephOpenStackHost>('CephOpenStackHost');
    const secrets = new Map<string, ClientSecret>();
    for (const client of clients.values()) {
      const userId = clientNameOf(client);
      const fingerprint = this.keys.get(userId) ?? `key-of-${userId}`;
      const kept = this.made.has(client.metadata.name) ? { userId, fingerprint, ...this.#cluster(client) } : undefined;
      const secret = foretoldSecret(this.binding, client) ?? kept;
      if (secret !== undefined) secrets.set(clientSecretNameOf(client), secret);
    }
    const pools = this.#all<RbdPool>('RbdPool');
    const revisions = [...this.revisions.values()];
    const counted = [...pools.values()].map((pool) => [pool.metadata.name, this.count(pool)] as const);
    return {
      pools,
      counts: new Map(counted.flatMap(([name, images]) => (images === undefined ? [] : [[name, images]]))),
      clients,
      hosts,
      revisions: revisions.filter(({ name }) => !this.altered.has(name)),
      alteredRevisions: revisions.filter(({ name }) => this.altered.has(name)),
      refused: this.refused,
      clientSecrets: secrets,
      fsids: new Map(Object.entries(fsids)),
      policy: this.policy,
      claimedByOthers: this.claimedByOthers,
      poolsOfOthers: this.poolsOfOthers,
      openStack: this.openStack.view(this, [...hosts.values()]),
    };
  }

  #cluster({ spec }: { readonly spec: unknown }) {
    const { secretName } = (spec as CephClientAuth['spec']).cluster;
    return { fsid: fsids[secretName] ?? assert.fail(), monHost: this.monHosts[secretName] ?? assert.fail() };
  }

  #all<T>(kind: ChildKind): ReadonlyMap<string, T> {
    // Sound: `apply` puts there what the binding wrote for this kind.
    return structuredClone(this.children[kind]) as unknown as ReadonlyMap<string, T>;
  }

  plan() {
    return planBinding(this.binding, this.observed());
  }

  /** Steps of the binding until it has none, or `limit` of them were done. */
  converge(limit = Number.POSITIVE_INFINITY): number {
    let did = 0;
    for (let round = 0; round < 50; round++) {
      const stages = this.plan().stages.filter((stage) => stage.length > 0);
      if (stages.length === 0) return did;
      for (const step of stages.flat()) {
        if (did >= limit) return did;
        this.apply(step);
        did += 1;
      }
    }
    throw new Error(`The binding does not settle: ${canonicalJson(this.plan().stages)}`);
  }

  apply(step: BindingStep): void {
    if ('manifest' in step) this.#put(kindOfVerb[step.verb], step.manifest);
    else if (step.verb === 'delete-revision') {
      this.revisions.delete(step.name);
      this.altered.delete(step.name);
    } else if (step.verb === 'create-revision') {
      assert.ok(!this.revisions.has(step.name), 'a revision is created once');
      const { name, number, data } = step;
      this.revisions.set(name, { name, uid: `${++this.#uid}`, number, data: structuredClone(data) });
    } else {
      const child = this.children[kindOfVerb[step.verb]].get(step.name);
      if (child !== undefined) child.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    }
  }

  #put(kind: ChildKind, manifest: ChildManifest): void {
    const found = this.children[kind].get(manifest.metadata.name);
    const generation =
      (found?.metadata.generation ?? 0) + (canonicalJson(found?.spec) === canonicalJson(manifest.spec) ? 0 : 1);
    this.children[kind].set(manifest.metadata.name, {
      apiVersion: 'cephopenstack.io/v1alpha1',
      kind,
      ...found,
      metadata: {
        uid: `${++this.#uid}`,
        resourceVersion: '1',
        creationTimestamp: '',
        ...found?.metadata,
        ...structuredClone(manifest.metadata),
        generation,
      },
      spec: structuredClone(manifest.spec),
    });
  }

  /** One look of every child's controller. */
  work(): void {
    for (const kind of ['RbdPool', 'CephClientAuth'] as const) {
      for (const [name, child] of this.children[kind]) {
        if (child.metadata.deletionTimestamp !== undefined) {
          this.children[kind].delete(name);
          this.made.delete(name);
          this.history.push(`${kind} ${name} is gone`);
        } else if (child.spec.mode === 'Plan' && !this.made.has(name)) {
          const foretold = kind === 'RbdPool' ? {} : { foretold: this.#cluster(child) };
          judge(child, 'ChangesPlanned', { plan: [`Make ${name}.`], ...foretold });
        } else {
          this.made.add(name);
          judge(child, 'Converged', kind === 'RbdPool' ? { poolID: 7, usage: { images: 0 } } : {});
        }
      }
    }
    for (const [name, host] of this.children.CephOpenStackHost) this.lookAt(name, host);
    this.openStack.pass(this, this.#all<CephOpenStackHost>('CephOpenStackHost').values());
  }

  lookAt(name: string, host = this.children.CephOpenStackHost.get(name) ?? assert.fail()): void {
    // Sound: it was made from a manifest of this kind.
    const { spec, status } = host as unknown as CephOpenStackHost;
    const machine = this.machine(spec.hostName);
    if (machine.diesAt !== undefined && machine.diesAt === spec.revision?.current) machine.power = 'off';
    const isRetained = host.metadata.deletionTimestamp !== undefined && spec.hostRemoval === 'Retain';
    const answer = isRetained || machine.power === 'on' ? this.#answer(spec, status) : undefined;
    if (answer === undefined) {
      judge(host, 'HostUnreachable', { ...status });
    } else if (host.metadata.deletionTimestamp !== undefined && spec.mode === 'Plan' && !isRetained) {
      judge(host, 'ChangesPlanned', { ...status, plan: ['Give its options back.'] });
    } else if (host.metadata.deletionTimestamp !== undefined) {
      this.children.CephOpenStackHost.delete(name);
      this.history.push(`host ${spec.hostName} is let go with ${spec.hostRemoval}`);
    } else {
      judge(host, answer.reason, answer.fields);
    }
  }

  /** As a host's own controller: a revision that does not hold what the machine is now serves it no more. */
  #answer({ hostName, roles, revision, mode }: CephOpenStackHost['spec'], before: CephOpenStackHost['status']) {
    const { release, breaksAt } = this.machine(hostName);
    const releases = { glance: release, cinder: release, nova: release } as OpenStackMachine['releases'];
    const fields: Record<string, unknown> = { facts: { family: 'debian', initSystem: 'systemd', releases } };
    const serves = (name: string | undefined): name is string => {
      if (name === undefined) return false;
      const { data } = this.revisions.get(name) ?? assert.fail(`${name} is gone`);
      return !('refused' in desiredHost(data, { roles, platform: 'debian-systemd', releases }));
    };
    const { current, next, planned } = revision ?? {};
    const isAltered = [current, next].some((name) => this.altered.has(name ?? ''));
    if (isAltered) return { reason: 'WaitingForRevision', fields: { ...before } } as const;
    for (const told of [current, next]) assert.doesNotMatch(told ?? '', /-plan-/, 'it is told what serves a plan only');
    if (mode === 'Plan') {
      fields.distributed = before?.distributed;
      fields.switched = before?.switched;
      if (planned === undefined)
        return { reason: current === undefined ? 'WaitingForRevision' : 'Converged', fields } as const;
      if (!serves(planned)) return { reason: 'WaitingForRevision', fields } as const;
      if (planned === before?.switched) return { reason: 'Converged', fields } as const;
      fields.plan = ['Edit its options.', 'Restart its services.'];
      return { reason: 'ChangesPlanned', fields } as const;
    }
    assert.equal(planned, undefined);
    if (next !== undefined && !serves(next)) return { reason: 'WaitingForRevision', fields } as const;
    if (next === undefined && !serves(current)) return { reason: 'WaitingForRevision', fields } as const;
    if (next !== undefined && before?.distributed !== next) this.history.push(`${hostName} lays out ${next}`);
    fields.distributed = next ?? current;
    if (!serves(current)) return { reason: 'WaitingForRevision', fields } as const;
    fields.services = servicesOf(roles, hostName);
    if (breaksAt === current) return { reason: 'RestartFailed', fields } as const;
    if (before?.switched !== current) this.history.push(`${hostName} switches to ${current}`);
    fields.switched = current;
    return { reason: 'Converged', fields } as const;
  }

  /** Binding and children take turns until nothing moves any more. */
  settle(rounds = 60): void {
    for (let round = 0; round < rounds; round++) {
      const before = this.text();
      this.converge();
      this.work();
      if (this.text() === before) return;
    }
    throw new Error(`The world does not settle: ${this.history.slice(-10).join('; ')}`);
  }

  text(): string {
    return canonicalJson({
      children: Object.values(this.children).map((kind) => [...kind]),
      revisions: [...this.revisions.keys()],
      openStack: this.openStack.text(this.observed().openStack),
    });
  }

  host(name: string): CephOpenStackHost {
    const found = this.children.CephOpenStackHost.get(`cloud-${name}`);
    return (found ?? assert.fail(`no host ${name}`)) as unknown as CephOpenStackHost;
  }

  /** An object of that kind which somebody else made. */
  intrude(kind: ChildKind, name: string, spec: Record<string, unknown>): void {
    const metadata = { ...childMetadata(this.binding, name), labels: {}, ownerReferences: [], annotations: {} };
    this.#put(kind, { metadata, spec: { cluster: { secretName: 'ceph-main' }, ...spec } });
  }
}

function judge(child: Child, reason: Reason, fields: Record<string, unknown>): void {
  const status = reason === 'Converged' ? 'True' : 'False';
  child.status = {
    ...fields,
    observedGeneration: child.metadata.generation,
    conditions: [{ type: 'Ready', status, reason, message: `It says ${reason}.` }],
  };
}
