import { ConfError, parseCephConf } from './conf.ts';
import { type AddressesOf, isSameMonitors, lostNamesIn, mayBeSameMonitors, namesIn, parseMonHost } from './mon-host.ts';

/**
 * Whether a ceph.conf of somebody else says, among other things and in its own words, all that `wanted` would. `did`: it was
 * found to, before; then monitors that cannot be looked up just now get the benefit of the doubt, and nothing else does.
 */
export function saysAllOf(found: string, wanted: string, addressesOf: AddressesOf, did = false): boolean {
  const conf = readConf(found);
  if (conf === undefined) return false;
  return [...(readConf(wanted) ?? [])].every(([section, options]) =>
    [...options].every(([name, value]) => {
      const other = conf.get(section)?.get(name);
      if (other === value) return true;
      if (name !== 'mon_host' || other === undefined) return false;
      return isSameMonitors(other, value, addressesOf) || (did && mayBeSameMonitors(other, value, addressesOf));
    }),
  );
}

/** The DNS names by which a ceph.conf names monitors. */
export function monitorNamesIn(text: string): readonly string[] {
  return namesIn(parseMonHost(monHostIn(text)) ?? '');
}

/** These names, each once, sorted, where not one monitor can be found by the file. */
export function lostMonitorsIn(text: string, addressesOf: AddressesOf): readonly string[] {
  return [...new Set(lostNamesIn(monHostIn(text), addressesOf))].sort();
}

function monHostIn(text: string): string {
  return readConf(text)?.get('global')?.get('mon_host') ?? '';
}

function readConf(text: string) {
  try {
    return parseCephConf(text);
  } catch (error) {
    if (error instanceof ConfError) return undefined;
    throw error;
  }
}
