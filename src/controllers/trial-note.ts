import type { Resource } from '../api/resource.ts';

/**
 * What the object of a host notes of its switch, where OpenStack is asked about it: on trial until its services were
 * seen up, and where it went back from when they were not.
 */
export interface TrialNote {
  /** On trial: the revision to go back to; empty: there is none. */
  readonly from?: string;
  readonly wentBack?: WentBack;
}

export interface WentBack {
  /** The revision that did not work, which is not tried again. */
  readonly revision: string;
  /** The services that were not seen, in words. */
  readonly lacking: string;
}

const onTrialAnnotation = 'cephopenstack.io/on-trial-from';
export const wentBackAnnotation = 'cephopenstack.io/went-back-from';

export function noteOf(object: Pick<Resource, 'metadata'> | undefined): TrialNote {
  return noteIn(object?.metadata.annotations ?? {});
}

export function noteIn(annotations: Readonly<Record<string, string>>): TrialNote {
  const { [onTrialAnnotation]: from, [wentBackAnnotation]: wentBack } = annotations;
  const [, revision, lacking = ''] = /^(\S+) ?(.*)$/s.exec(wentBack ?? '') ?? [];
  // Never both by us: the one that somebody else owns, too, is about to be taken away (see `surplusNotes`).
  if (revision !== undefined) return { wentBack: { revision, lacking } };
  return from === undefined ? {} : { from };
}

/** It was switched, and OpenStack has not been seen to have its services up. */
export function isOnTrial(object: Pick<Resource, 'metadata'>): boolean {
  return noteOf(object).from !== undefined;
}

export function annotationsFor({ from, wentBack }: TrialNote): Readonly<Record<string, string>> {
  return {
    ...(from === undefined ? {} : { [onTrialAnnotation]: from }),
    ...(wentBack === undefined ? {} : { [wentBackAnnotation]: `${wentBack.revision} ${wentBack.lacking}`.trim() }),
  };
}

type Annotations = Readonly<Record<string, string>>;

/**
 * The annotations of a note which an object has beside those that are wanted. A server-side apply does not take away what
 * another field manager owns as well, as after a restore from a backup.
 */
export function surplusNotes(wanted: Annotations = {}, found: Annotations = {}): readonly string[] {
  return [onTrialAnnotation, wentBackAnnotation].filter((key) => found[key] !== undefined && wanted[key] === undefined);
}
