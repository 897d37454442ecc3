import { describeOwner, type Owner } from '../ceph/marks.ts';

/** Somebody else whose a thing is. */
export interface AnotherOwner {
  readonly kind: 'anothers';
  /** Ready for a sentence. */
  readonly name: string;
  /** A resource of this installation. */
  readonly alive: boolean;
  /** Of another installation, under the very name of ours: two operators may be at work on one object. */
  readonly namesake?: true;
}

export function anotherOwner(other: Owner, own: Owner, alive: boolean): AnotherOwner {
  const namesake = isNamesake(other, own) ? { namesake: true as const } : {};
  return { kind: 'anothers', name: describeOwner(other, own), alive, ...namesake };
}

export function isNamesake(other: Owner, own: Owner): boolean {
  return other.installation !== own.installation && other.namespace === own.namespace && other.name === own.name;
}

/** `The pool "volumes" belongs to …: what to do.` */
export function belongsTo(thing: string, { name, alive, namesake }: AnotherOwner): string {
  const way = alive ? 'use it from there' : 'use it from there, or set adoption: TakeOver';
  return namesake === true
    ? `${thing} belongs to this very name, ${name}: ${wayOfNamesakes(way)}.`
    : `${thing} belongs to ${name}: ${way}.`;
}

/** Nothing tells an operator beside us from one of another Kubernetes that shares the cluster. */
export function wayOfNamesakes(otherwise: string): string {
  return `if another operator watches this namespace too, let each watch namespaces of its own, or give both the same INSTALLATION; if none does, ${otherwise}`;
}
