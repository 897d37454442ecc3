import type { RevisionData } from './desired-host.ts';

/** Stands for the fingerprint of a key that is not created yet. No key has it: a fingerprint is hexadecimal. */
export const notCreatedYet = 'not created yet';

/** Whether it speaks of keys that are not created yet: then it serves a plan, and no host is ever told to take it on. */
export function speaksOfForetoldKeys({ roles }: RevisionData): boolean {
  return roles
    .flatMap(({ distribute }) => [...distribute.keyrings, ...distribute.libvirtSecrets])
    .some(({ fingerprint }) => fingerprint === notCreatedYet);
}
