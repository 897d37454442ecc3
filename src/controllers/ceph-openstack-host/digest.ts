import { createHash } from 'node:crypto';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import type { Secret } from '../../secret.ts';

/** SHA-256 of a file's content as the host sees it, in lower-case hex. */
export function contentHash(content: Secret): string {
  return createHash('sha256').update(content.reveal()).digest('hex');
}

/** What a unit is to run with, in short: the options and packages that want it restarted. */
export function unitDigest(desired: DesiredHost, unit: string): string {
  const options = desired.switch.options
    .filter((option) => option.restarts.includes(unit))
    .map(({ file, section, name, edit, layout }) => [file, section, name, edit, layout ?? null]);
  const packages = desired.distribute.packages.filter((need) => need.restarts.includes(unit)).map((need) => need.name);
  return createHash('sha256')
    .update(JSON.stringify([options, packages]))
    .digest('hex')
    .slice(0, 16);
}
