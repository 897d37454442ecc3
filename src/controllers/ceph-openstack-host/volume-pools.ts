import type { HostFacts } from '../../hosts/facts.ts';
import type { Option } from '../../openstack/desired-host.ts';
import { isSamePlace, type Place, valueIn } from './config-file.ts';
import { type HostRevision, isRefusal } from './observed.ts';

/** The pools of the back ends that are wanted, and of those that are configured, each with the ceph.conf of its cluster. */
export function volumePools(
  revision: HostRevision | undefined,
  facts: Pick<HostFacts, 'manifest' | 'files'>,
): readonly { readonly pool: string; readonly conf: string }[] {
  const { manifest } = facts;
  const wanted = revision === undefined || isRefusal(revision.desired) ? [] : revision.desired.switch.options;
  const written = manifest.state === 'present' ? manifest.manifest.options : [];
  const told = (option: Option): string => (option.edit.how === 'set' ? option.edit.value : '');
  const confOf = ({ file, section }: Place): Place => ({ file, section, name: 'rbd_ceph_conf' });
  const pools = [
    ...wanted.filter(isPool).map((option) => {
      const conf = wanted.find((other) => isSamePlace(other, confOf(option)));
      return { pool: told(option), conf: conf === undefined ? '' : told(conf) };
    }),
    ...written.filter(isPool).map((option) => ({
      pool: option.written?.reveal() ?? '',
      conf: valueIn(facts, confOf(option))?.reveal() ?? '',
    })),
  ];
  return [...new Map(pools.map((one) => [`${one.conf} ${one.pool}`, one])).values()];
}

function isPool({ name }: Place): boolean {
  return name === 'rbd_pool';
}
