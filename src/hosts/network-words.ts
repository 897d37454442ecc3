import { clean } from './clean.ts';

const words: ReadonlyMap<unknown, string> = new Map([
  ['ENOTFOUND', 'DNS does not know its name, so correct the address or the DNS'],
  ['EAI_AGAIN', 'DNS does not answer'],
  ['ECONNREFUSED', 'nothing listens at this port, so start sshd there or correct the port'],
  ['ECONNRESET', 'it closed the connection'],
  ['EHOSTUNREACH', 'no route leads to it, or it is switched off'],
  ['ENETUNREACH', 'no route leads to its network'],
  ['ETIMEDOUT', 'it did not answer in time'],
]);

/** Why a machine could not be reached, as a clause of a sentence that names it; Node's own words where it is none of the usual. */
export function networkWords(error: Error): string {
  return words.get('code' in error ? error.code : undefined) ?? clean(error.message);
}
