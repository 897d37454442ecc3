import { dirname } from 'node:path';
import type { AccessCheck, ObserveRequest } from './facts.ts';
import { manifestPath } from './manifest.ts';
import { assign, checked, scriptText } from './script-text.ts';

/** A file whose content is in hand: it is not sent again. */
export interface KnownContent {
  readonly path: string;
  readonly sha256: string;
}

/** The script of one look, for `/bin/sh -s`. */
export function renderObserveScript(request: ObserveRequest, known: readonly KnownContent[], nonce: string): string {
  const files = [manifestPath, ...request.files].map((path) => checked('path', path));
  return [
    assign('nonce', [nonce]),
    assign('state', [dirname(manifestPath)]),
    assign(
      'packages',
      request.packages.map((name) => checked('package', name)),
    ),
    assign(
      'units',
      request.units.map((name) => checked('unit', name)),
    ),
    assign(
      'users',
      request.users.map((name) => checked('user', name)),
    ),
    assign(
      'names',
      request.names.map((name) => checked('name', name)),
    ),
    assign('files', [...new Set(files)]),
    assign('ancestors', [...new Set(files.flatMap(ancestors))]),
    assign(
      'known',
      known.map(({ path, sha256 }) => `${checked('content', sha256)}:${checked('path', path)}`),
    ),
    assign(
      'instance_directories',
      request.instanceDirectories.map((path) => checked('path', path)),
    ),
    assign(
      'image_directories',
      request.imageDirectories.map((path) => checked('path', path)),
    ),
    assign('want_libvirt', [request.libvirt ? 'yes' : 'no']),
    assign('want_guests', [request.guests ? 'yes' : 'no']),
    scriptText('common.sh'),
    scriptText('services.sh'),
    scriptText('observe.sh'),
    renderAccess(request.access, nonce),
    'observe </dev/null\n',
  ].join('');
}

/** The directories above a path, without the root: whoever may change one of them may change the path. */
export function ancestors(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, depth) => `/${parts.slice(0, depth + 1).join('/')}`);
}

/** One Python for each user and interpreter, all at once: each spends its time waiting for Ceph. */
function renderAccess(access: readonly AccessCheck[], nonce: string): string {
  const groups = Map.groupBy(
    access.map((check, index) => ({ check, index })),
    ({ check }) => `${check.user} ${check.interpreter}`,
  );
  const calls = [...groups.values()].map((group, number) => {
    const data = group.map(({ check, index }) => ({
      index,
      entity: checked('entity', check.entity),
      conf: checked('path', check.conf),
      pool: checked('pool', check.pool),
    }));
    const encoded = Buffer.from(JSON.stringify(data)).toString('base64');
    const program = `NONCE = "${nonce}"\nCHECKS = "${encoded}"\n${scriptText('access.py')}`;
    const { user, interpreter } = (group[0] ?? fail()).check;
    return `access_${number}() {\n  check_access ${checked('user', user)} ${interpreter} <<'END_OF_PROGRAM'\n${program}END_OF_PROGRAM\n}\n`;
  });
  const starts = calls.map((_, number) => `  access_${number} &\n`).join('');
  return `${calls.join('')}access() {\n${starts}  wait\n}\n`;
}

function fail(): never {
  throw new Error('a group has a member');
}
