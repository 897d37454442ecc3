import { cephClientAuthKind } from '../../api/ceph-client-auth.ts';
import { cephOpenStackBindingKind } from '../../api/ceph-openstack-binding.ts';
import { cephOpenStackHostKind } from '../../api/ceph-openstack-host.ts';
import { rbdPoolKind } from '../../api/rbd-pool.ts';
import type { Resource } from '../../api/resource.ts';
import { UsageError } from '../command.ts';
import { allOf, nameOf, type Objects } from './objects.ts';

const kinds = [cephOpenStackBindingKind, rbdPoolKind, cephClientAuthKind, cephOpenStackHostKind];

/**
 * The one object that `word` names: NAME, or KIND/NAME with the kind as kubectl takes it. Of several that bear the name the binding is meant.
 * A host may go by its name in the binding.
 * @throws {UsageError} when there is none, or more than one.
 */
export function findObject(objects: Objects, word: string, where: string): Resource {
  const slash = word.indexOf('/');
  const [kindWord, name] = slash < 0 ? [undefined, word] : [word.slice(0, slash), word.slice(slash + 1)];
  const kind = kindWord === undefined ? undefined : kindNamed(kindWord);
  const found = allOf(objects).filter(
    (object) =>
      (kind === undefined || object.kind === kind) &&
      (object.metadata.name === name || ('hostName' in object.spec && object.spec.hostName === name)),
  );
  const bindings = found.filter((object) => object.kind === cephOpenStackBindingKind.kind);
  const [object, other] = bindings.length > 0 ? bindings : found;
  if (object === undefined) throw new UsageError(`There is no ${kind ?? 'object of ours'} "${name}" in ${where}.`);
  if (other !== undefined) {
    throw new UsageError(
      `"${word}" is ${found.map(nameOf).toSorted().join(' and ')}: say KIND/NAME, or the namespace.`,
    );
  }
  return object;
}

function kindNamed(word: string): string {
  const kind = kinds.find((one) =>
    [one.kind.toLowerCase(), one.plural, ...one.shortNames].includes(word.toLowerCase()),
  );
  if (kind === undefined) {
    throw new UsageError(`"${word}" is no kind of ours; there are: ${kinds.map((one) => one.kind).join(', ')}.`);
  }
  return kind.kind;
}
