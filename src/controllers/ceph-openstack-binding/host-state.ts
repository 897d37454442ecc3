import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Reason } from '../../api/conditions.ts';
import type { Refusal } from '../../openstack/desired-host.ts';
import { platformOf, projectOf } from '../../openstack/distributions.ts';
import type { Machine } from '../../openstack/merge-roles.ts';
import { type Release, releases } from '../../openstack/releases.ts';

/** What a host's object says of it. */
export interface HostState {
  readonly reachable: 'yes' | 'no' | 'unknown';
  /** It is as its object says, seen since the object last changed. */
  readonly ready: boolean;
  /** Only a person can mend what is wrong. */
  readonly stalled: boolean;
  /** Something is wrong that does not pass by working on. */
  readonly failing: boolean;
  readonly reason: Reason;
  readonly message: string;
}

/** The host cannot be talked to, or must not be: it is named, never waited for. */
const unreachableReasons: ReadonlySet<Reason> = new Set([
  'Abandoned',
  'HostUnreachable',
  'HostKeyMismatch',
  'HostKeyUnknown',
  'SshInvalid',
  'SshRefused',
  'HostAnswerInvalid',
  'ConnectionMissing',
  'ConnectionGone',
  'PolicyForbids',
]);

/** Wrong, though the host goes on trying. */
const failures: ReadonlySet<Reason> = new Set([
  'AccessDenied',
  'Contested',
  'Failed',
  'RestartFailed',
  'StepFailed',
] satisfies Reason[]);

export const notLookedAt: HostState = {
  reachable: 'unknown',
  ready: false,
  stalled: false,
  failing: false,
  reason: 'Progressing',
  message: 'Not looked at yet.',
};

export function hostState(host: CephOpenStackHost): HostState {
  const conditions = host.status?.conditions ?? [];
  const ready = conditions.find((condition) => condition.type === 'Ready');
  const isCurrent = host.status?.observedGeneration === host.metadata.generation;
  if (ready === undefined) {
    return notLookedAt;
  }
  const { reason, message } = ready;
  const isStalled = conditions.some((condition) => condition.type === 'Stalled' && condition.status === 'True');
  const isReady = ready.status === 'True' && isCurrent;
  const wasSeen = host.status?.facts !== undefined || (reason !== 'Progressing' && reason !== 'Failed');
  const reachable = unreachableReasons.has(reason) ? 'no' : wasSeen ? 'yes' : 'unknown';
  const failing = !isReady && isCurrent && (isStalled || failures.has(reason));
  return { reachable, ready: isReady, stalled: isStalled && isCurrent, failing, reason, message };
}

/**
 * What is known of the machine, as far as a revision is rendered for it: undefined before it was looked at, a refusal
 * when its kind or its release is not one to render for. `release` is the one that the binding says, if it does.
 */
export function machineOf(host: CephOpenStackHost, release: Release | undefined): Machine | Refusal | undefined {
  const facts = host.status?.facts;
  if (facts?.family === undefined || facts.initSystem === undefined) return undefined;
  const { distribution, family, initSystem } = facts;
  const platform = platformOf({ distribution, family, initSystem });
  if (typeof platform === 'object') return platform;
  const found = new Map<'glance' | 'cinder' | 'nova', Release>();
  for (const project of ['glance', 'cinder', 'nova'] as const) {
    const known = releases.find((candidate) => candidate === facts.releases?.[project]);
    if (known !== undefined) found.set(project, known);
  }
  for (const project of [...new Set(host.spec.roles.map((role) => projectOf[role]))].sort()) {
    const installed = found.get(project);
    if (installed === undefined) {
      return { refused: 'ReleaseUnknown', message: `Its ${project} is not installed, or of no known release.` };
    }
    if (release !== undefined && installed !== release) {
      return {
        refused: 'ReleaseMismatch',
        message: `Its ${project} is of ${installed} and the binding says ${release}: correct spec.openstack.release, or leave it out to have each host's own read.`,
      };
    }
  }
  return { roles: host.spec.roles, platform, releases: Object.fromEntries(found) };
}
