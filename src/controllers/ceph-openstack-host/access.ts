import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { canUseKeyType, keyTypeOf } from '../../ceph/key.ts';
import type { AccessFacts } from '../../hosts/facts.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { AccessCheck, DesiredHost, KeyringFile } from '../../openstack/desired-host.ts';
import { keyringPath } from '../../openstack/model.ts';
import { passing, stalled } from '../hold.ts';
import type { Draft } from './draft.ts';
import type { SeenHost } from './observed.ts';

/** A host is Ready when its services' own users open their pools, not when the files look right. */
export function proveAccess(
  draft: Draft,
  host: CephOpenStackHost,
  observed: SeenHost,
  desired: readonly DesiredHost[],
): void {
  const failed = observed.facts.access.filter((access) => !access.ok);
  if (failed.length === 0) return;
  const paths = new Set(failed.map(({ check }) => keyringPath({ path: check.conf }, check.entity)));
  const tooOld = refuseKeyType(
    observed,
    keyringsOf(desired).filter(({ path }) => paths.has(path)),
  );
  if (tooOld !== undefined) {
    draft.holds.push(tooOld);
    return;
  }
  const problems = failed.map(
    ({ check, problem }) =>
      `${check.user} as ${check.entity} on pool ${check.pool}${clusterIn(observed, check)}: ${problem.replace(/[.]$/, '')}`,
  );
  // Access that worked a moment ago is most likely being changed right now.
  const worked = host.status?.conditions?.some(({ type, status }) => type === 'AccessVerified' && status === 'True');
  const retryMs = worked === true ? 2_000 : 15_000;
  draft.holds.push(
    passing('AccessDenied', `Access does not work: ${problems.sort().join('; ')}${wayOut(failed)}.`, retryMs),
  );
}

/** Missing caps look like silence: librados waits until it is tired, and librbd then speaks of a timeout. */
function wayOut(failed: readonly AccessFacts[]): string {
  const asked = failed.flatMap((access) =>
    !access.ok && access.asked ? [`"ceph auth get ${access.check.entity}"`] : [],
  );
  if (asked.length === 0) return '';
  const commands = [...new Set(asked)].sort().join(' and ');
  return `; compare what ${commands} prints with status.caps of the CephClientAuth, then see that this host reaches the monitors and OSDs`;
}

/** Where nothing is to be proved, versions alone have to tell: a distribution may have mended an old one. */
export function expectAccess(draft: Draft, observed: SeenHost, desired: readonly DesiredHost[]): void {
  const tooOld = refuseKeyType(observed, keyringsOf(desired));
  if (tooOld !== undefined) draft.holds.push(tooOld);
}

/** Where a host uses several clusters, a user and a pool alone do not say which are meant. */
export function clusterIn({ facts }: SeenHost, { conf }: Pick<AccessCheck, 'conf'>): string {
  return facts.access.every(({ check }) => check.conf === conf) ? '' : ` with ${conf}`;
}

function keyringsOf(desired: readonly DesiredHost[]): readonly KeyringFile[] {
  return desired.flatMap(({ distribute }) => distribute.keyrings);
}

function refuseKeyType({ facts, keys }: SeenHost, keyrings: readonly KeyringFile[]): Hold | undefined {
  const version = facts.packages.librados2?.version;
  if (version === undefined) return undefined;
  const unusable = keyrings.filter(({ secretName }) => {
    const key = keys.get(secretName)?.key;
    const type = key === undefined ? undefined : keyTypeOf(key);
    return type !== undefined && !canUseKeyType(version, type);
  });
  if (unusable.length === 0) return undefined;
  const names = [...new Set(unusable.map(({ entity }) => entity))].sort().join(', ');
  return stalled(
    'KeyTypeUnsupported',
    `librados ${version} of the host cannot log in as ${names}, which has a key of type aes256k: install 19.2.6, 20.2.4 or newer there, or let the cluster take users with keyType Aes.`,
  );
}
