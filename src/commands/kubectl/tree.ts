import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Resource } from '../../api/resource.ts';
import { plural } from '../../plural.ts';
import { below, condition, isChildOf, nameOf, type Objects, plain, type State, stateOf, states } from './objects.ts';

/** With more hosts than these, those that are as they should be are counted instead of listed. */
const listedHosts = 12;

/** Each binding with what it made below it, then pools and users of their own. Ends with a newline. */
export function renderTree(objects: Objects): string {
  const lines = objects.bindings.flatMap((binding) => bindingLines(binding, objects));
  const own = [...objects.pools, ...objects.clients].filter(
    (object) => !objects.bindings.some((binding) => isChildOf(binding, object)),
  );
  return [...lines, ...own.map((object) => line(nameOf(object), object, inCeph(object)))]
    .map((text) => `${text}\n`)
    .join('');
}

function bindingLines(binding: CephOpenStackBinding, objects: Objects): readonly string[] {
  const { pools, clients, hosts } = below(binding, objects);
  const listed = hosts.length <= listedHosts ? hosts : hosts.filter((host) => stateOf(host) !== 'Ready');
  const branches = [
    ...[...pools, ...clients].map((object) => childLine(object, inCeph(object))),
    ...(listed.length === hosts.length ? [] : [`CephOpenStackHosts: ${countStates(hosts)}`]),
    ...listed.map((host) => childLine(host, `${host.spec.address}; ${host.spec.roles.join(', ')}`)),
  ];
  return [
    line(nameOf(binding), binding, binding.spec.mode === 'Plan' ? 'mode: Plan' : undefined),
    ...rolloutLine(binding),
    ...branches.map((text, index) => `${index === branches.length - 1 ? '└─' : '├─'} ${text}`),
  ];
}

function rolloutLine({ status }: CephOpenStackBinding): readonly string[] {
  if (status?.hosts === undefined) return [];
  const { total, reachable, distributed, switched, ready } = status.hosts;
  const revision = status.revision?.next ?? status.revision?.current;
  return [
    `│  ${plural(total, 'host')}: ${reachable} reachable, ${distributed} laid out, ${switched} switched, ${ready} Ready${revision === undefined ? '' : `; revision ${plain(revision)}`}`,
  ];
}

function childLine(object: Resource, detail: string | undefined): string {
  return line(`${object.kind} ${object.metadata.name}`, object, detail);
}

function line(name: string, object: Resource, detail: string | undefined): string {
  const state = stateOf(object);
  const ready = condition(object, 'Ready');
  const why = state === 'Ready' || ready === undefined ? '' : plain(`: ${ready.reason}: ${ready.message}`);
  return `${name}${detail === undefined ? '' : ` (${plain(detail)})`}  ${state}${why}`;
}

/** What it is called in Ceph. */
function inCeph(object: RbdPool | CephClientAuth): string {
  if (object.kind === 'RbdPool') return (object as RbdPool).spec.poolName ?? object.metadata.name;
  return `client.${(object as CephClientAuth).spec.clientName ?? object.metadata.name}`;
}

/** `2 Stalled, 498 Ready` */
export function countStates(objects: readonly Resource[]): string {
  const counts = new Map<State, number>();
  for (const object of objects) counts.set(stateOf(object), (counts.get(stateOf(object)) ?? 0) + 1);
  return states
    .filter((state) => counts.has(state))
    .map((state) => `${counts.get(state)} ${state}`)
    .join(', ');
}

/** A line for each host, aligned, and one that counts them. Ends with a newline. */
export function renderHosts(hosts: readonly CephOpenStackHost[]): string {
  const rows = hosts.map((host) => {
    const state = stateOf(host);
    const releases = [...new Set(Object.values(host.status?.facts?.releases ?? {}))].toSorted();
    const ready = condition(host, 'Ready');
    return [
      `${host.metadata.namespace}/${host.metadata.name}`,
      host.spec.address,
      host.spec.roles.join(','),
      host.status?.facts?.distribution ?? '-',
      releases.length === 0 ? '-' : releases.join(','),
      host.status?.switched ?? '-',
      state,
      state === 'Ready' || ready === undefined ? '' : `${ready.reason}: ${ready.message}`,
    ].map(plain);
  });
  const table = [['HOST', 'ADDRESS', 'ROLES', 'DISTRIBUTION', 'RELEASE', 'REVISION', 'STATE', 'MESSAGE'], ...rows];
  return `${aligned(table)}${plural(hosts.length, 'host')}: ${countStates(hosts) || 'none'}.\n`;
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
