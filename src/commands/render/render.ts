import { entityOf } from '../../api/ceph-client-auth.ts';
import { hostRefusal } from '../../api/policy.ts';
import { poolNameOf } from '../../api/rbd-pool.ts';
import type { Resource } from '../../api/resource.ts';
import { needsOf } from '../../controllers/binding-needs.ts';
import { isChildOf } from '../../controllers/ceph-openstack-binding/children.ts';
import { readDocuments, type Source } from './documents.ts';
import { type Children, childrenOf, draftBinding } from './draft.ts';
import { renderHost } from './hosts.ts';
import { type Input, type Placed, readInput } from './input.ts';
import { type Outcome, renderPools, renderUser, rivals } from './pools-and-users.ts';
import type { RenderedHost, Rendering } from './rendering.ts';
import { type Connection, placeholdersIn, type RunningWorld, refuseUnused, Values } from './running-world.ts';

/** What the input comes to; or, as whole sentences that say where, everything that is wrong with it. */
export type Result = { readonly rendering: Rendering } | { readonly faults: readonly string[] };

/**
 * Pure: the text of the input and what the user says of the running world give the same rendering every time.
 * @throws {UsageError} for what is said of a connection or a project that the input does not have.
 */
export function render(sources: readonly Source[], world: RunningWorld): Result {
  const { documents, faults: unread } = readDocuments(sources);
  const { input, faults: misshapen } = readInput(documents);
  const faults = [...unread, ...misshapen];
  if (faults.length === 0 && [input.bindings, input.pools, input.clients].every((all) => all.length === 0)) {
    return {
      faults: ['The input holds no CephOpenStackBinding, RbdPool or CephClientAuth: give the file that does with -f.'],
    };
  }
  if (faults.length > 0) return { faults };
  const connections = connectionsOf(input);
  const values = new Values(world, connections);
  refuseUnused(
    world.releases,
    input.bindings.flatMap(({ object }) => object.spec.hosts),
  );
  const all = allOf(input);
  const hosts: RenderedHost[] = [];
  for (const placed of input.bindings) {
    const draft = draftBinding(placed.object, input, all, world, values);
    faults.push(...[...draft.faults, ...refusedHosts(placed.object, input)].map((fault) => about(placed, fault)));
    hosts.push(...draft.hosts.map((host) => renderHost(placed.object, host)));
  }
  const { pools, users } = renderChildren(input, all, faults);
  if (faults.length > 0) return { faults };
  const placeholders = placeholdersIn(hosts, values.placeholders);
  return { rendering: { version: 1, placeholders, notes: notesOn(input, connections), pools, users, hosts } };
}

/** Bindings' own pools and users first, then those of the input by themselves. */
function allOf(input: Input): Children & { readonly places: ReadonlyMap<Resource, Placed<Resource>> } {
  const places = new Map<Resource, Placed<Resource>>();
  const own = input.bindings.map((placed) => {
    const children = childrenOf(placed.object);
    for (const object of [...children.pools, ...children.clients]) places.set(object, { place: placed.place, object });
    return children;
  });
  // A binding's child, as `kubectl get` shows it, is rendered from the binding.
  const alone = <R extends Resource>(placed: readonly Placed<R>[]): readonly R[] =>
    placed
      .filter(
        ({ object }) =>
          !input.bindings.some((binding) => isSameNamespace(binding, object) && isChildOf(binding.object, object)),
      )
      .map((one) => {
        places.set(one.object, one);
        return one.object;
      });
  return {
    pools: [...own.flatMap(({ pools }) => pools), ...alone(input.pools)],
    clients: [...own.flatMap(({ clients }) => clients), ...alone(input.clients)],
    places,
  };
}

function isSameNamespace({ object }: Placed<Resource>, { metadata }: Resource): boolean {
  return object.metadata.namespace === metadata.namespace;
}

function renderChildren(input: Input, all: ReturnType<typeof allOf>, faults: string[]) {
  const poolRivals = rivals(all.pools, poolNameOf);
  const userRivals = rivals(all.clients, entityOf);
  const checked = <R extends Resource, T>(object: R, outcome: Outcome<T>, rival: R | undefined, what: string): T => {
    const declared = `${object.kind} "${rival?.metadata.name}" declares ${what} already: take one of the two away.`;
    const placed = all.places.get(object) ?? { place: 'input', object };
    faults.push(
      ...[...outcome.faults, ...(rival === undefined ? [] : [declared])].map((fault) => about(placed, fault)),
    );
    return outcome.rendered;
  };
  const wordsFor = ({ metadata, spec }: Resource & { spec: { cluster: { secretName: string } } }) =>
    input.secrets.get(`${metadata.namespace}/${spec.cluster.secretName}`);
  return {
    pools: all.pools.flatMap((object) =>
      checked(
        object,
        renderPools(object, wordsFor(object)),
        poolRivals.get(object),
        `the pool "${poolNameOf(object)}"`,
      ),
    ),
    users: all.clients.map((object) =>
      checked(
        object,
        renderUser(object, all.pools, wordsFor(object)),
        userRivals.get(object),
        `the user "${entityOf(object)}"`,
      ),
    ),
  };
}

function about({ place, object }: Placed<Resource>, fault: string): string {
  return `${place}: ${object.kind} "${object.metadata.namespace}/${object.metadata.name}": ${fault}`;
}

/** Hosts that the SSH Secret's policy does not let us at, where that Secret is in the input. */
function refusedHosts({ metadata, spec }: Input['bindings'][number]['object'], input: Input): readonly string[] {
  const policy = input.secrets.get(`${metadata.namespace}/${spec.ssh.secretName}`)?.policy;
  if (policy === undefined) return [];
  return spec.hosts.flatMap(({ name, address, roles }) => {
    const refusal = hostRefusal(policy, address, roles);
    return refusal === undefined ? [] : [`Host ${name}: ${refusal}`];
  });
}

/** Every connection Secret that something in the input names. */
function connectionsOf(input: Input): readonly Connection[] {
  return [
    ...input.bindings.flatMap(({ object: { metadata, spec } }) =>
      [spec.cluster.secretName, ...needsOf({ metadata, spec }).backends.map(({ cluster }) => cluster)].map((name) => ({
        namespace: metadata.namespace,
        name,
      })),
    ),
    ...[...input.pools, ...input.clients].map(({ object: { metadata, spec } }) => ({
      namespace: metadata.namespace,
      name: spec.cluster.secretName,
    })),
  ];
}

function notesOn(input: Input, connections: readonly Connection[]): readonly string[] {
  const names = [
    ...input.bindings.map(({ object: { metadata, spec } }) => `${metadata.namespace}/${spec.ssh.secretName}`),
    ...connections.map(({ namespace, name }) => `${namespace}/${name}`),
  ];
  const unread = [...new Set(names)].filter((name) => !input.secrets.has(name)).sort();
  return unread.map((name) => {
    const secret = name.slice(name.indexOf('/') + 1);
    const [elsewhere] = [...input.secrets.keys()].filter((other) => other.endsWith(`/${secret}`)).sort();
    const more = elsewhere === undefined ? '' : `, but "${elsewhere}" is: write metadata.namespace alike`;
    return `The policy of the Secret "${name}" was not judged: the Secret is not in the input${more}.`;
  });
}
