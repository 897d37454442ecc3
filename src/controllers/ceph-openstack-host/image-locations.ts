import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Condition } from '../../api/resource.ts';
import { placeOf } from '../../openstack/distributions.ts';
import { sameValue } from '../../openstack/option-edit.ts';
import { valueIn } from './config-file.ts';
import { isRefusal, type SeenHost } from './observed.ts';

/**
 * Whether Glance lets users read and change where images lie (OSSN-0065, OSSN-0090). It is never set here, and may be
 * meant so: Nova from Mitaka to 2025.1 snapshots within RBD only with it.
 */
export function imageLocationsCondition(host: CephOpenStackHost, { facts, platform }: SeenHost): readonly Condition[] {
  if (!host.spec.roles.includes('GlanceApi') || isRefusal(platform)) return [];
  const option = 'show_multiple_locations';
  const set = placeOf(platform, 'GlanceApi').configFiles.flatMap((file) => {
    const value = valueIn(facts, { file, section: 'DEFAULT', name: option });
    return value === undefined ? [] : [{ file, isOn: sameValue('boolean', value.reveal(), 'true') }];
  });
  const last = set.at(-1);
  const type = 'ImageLocationsHidden';
  if (last?.isOn !== true) {
    return [{ type, status: 'True', reason: 'Converged', message: 'Users of Glance cannot change where images lie.' }];
  }
  const message = `${option} in ${last.file} lets users of Glance read and change where images lie: remove it, or let nobody but services reach this Glance.`;
  return [{ type, status: 'False', reason: 'ImageLocationsExposed', message }];
}
