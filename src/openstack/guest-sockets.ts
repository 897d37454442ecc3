import type { RoleDistribute } from './desired-host.ts';
import { guestPlaceOf, type Platform } from './distributions.ts';

/*
 * A directory of our own: that of Ceph's packages (/run/ceph, 0770 ceph:ceph) lets no guest in.
 */

const directoryName = 'ceph-guests';

/** One socket per guest, for looking into a running one; the path must differ between processes and clusters. */
export const guestSocket = `/var/run/${directoryName}/$cluster-$type.$id.$pid.$cctid.asok`;

/** What a compute needs so that the sockets appear: QEMU writes there, and so does Nova, which uses the same Ceph user. */
export function guestSockets(platform: Platform, novaUser: string): Pick<RoleDistribute, 'directories' | 'files'> {
  const { qemuUser, runDirectory, hasTmpfiles } = guestPlaceOf(platform);
  const directory = { path: `${runDirectory}/${directoryName}`, owner: qemuUser, group: novaUser, mode: '0770' };
  const content = `d ${directory.path} ${directory.mode} ${directory.owner} ${directory.group} -\n`;
  const atBoot = { path: `/etc/tmpfiles.d/${directoryName}.conf`, content };
  return {
    directories: [directory],
    // Elsewhere the next look makes the directory again.
    files: hasTmpfiles ? [{ ...atBoot, owner: 'root', group: 'root', mode: '0644' }] : [],
  };
}
