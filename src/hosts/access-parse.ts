import { clean } from './clean.ts';
import type { AccessCheck, AccessFacts } from './facts.ts';
import type { Frame } from './frames.ts';

/** Frames `access INDEX WORD TEXT` and `noaccess USER INTERPRETER WORD`, in whatever order the checks ended. */
export function parseAccess(frames: readonly Frame[], asked: readonly AccessCheck[]): readonly AccessFacts[] {
  return asked.map((check, index) => {
    const found = frames.find(({ head }) => head[0] === 'access' && head[1] === String(index));
    if (found?.head[2] === 'ok') {
      return { check, ok: true };
    }
    const problem =
      found === undefined
        ? silence(frames, check)
        : explain(check, found.head[2] ?? '', clean(found.head.slice(3).join(' ')));
    return { check, ok: false, problem, ...(wordsOfCeph.has(found?.head[2] ?? '') ? { asked: true } : {}) };
  });
}

/** How far a check came that Ceph itself ended, or did not answer. */
const wordsOfCeph: ReadonlySet<string> = new Set(['late', 'connect', 'pool', 'data']);

function explain(check: AccessCheck, word: string, detail: string): string {
  const { user, entity, pool, conf } = check;
  switch (word) {
    case 'conf':
      return `User "${user}" cannot read Ceph's configuration (${detail}).`;
    case 'binding':
      return `Python's rbd module does not load for user "${user}" (${detail}).`;
    case 'keyring':
      return `User "${user}" cannot read the keyring of ${entity} (${detail}).`;
    case 'late':
      return `Ceph did not answer ${entity} in time with ${conf} (${detail}).`;
    case 'connect':
      return `Ceph does not let ${entity} in with ${conf} (${detail}).`;
    case 'pool':
      return `${entity} cannot open pool "${pool}" (${detail}).`;
    case 'data':
      return `${entity} cannot open the pool in which images of "${pool}" keep their data (${detail}).`;
    default:
      return `The check of pool "${pool}" as ${entity} said nothing that is understood.`;
  }
}

function silence(frames: readonly Frame[], { user, interpreter, entity, pool }: AccessCheck): string {
  const reason = frames.find(({ head }) => head[0] === 'noaccess' && head[1] === user && head[2] === interpreter)
    ?.head[3];
  switch (reason) {
    case 'user':
      return `There is no user "${user}".`;
    case 'interpreter':
      return `There is no ${interpreter}.`;
    default:
      return `Opening pool "${pool}" as ${entity} did not end in time, or the check could not run as user "${user}".`;
  }
}
