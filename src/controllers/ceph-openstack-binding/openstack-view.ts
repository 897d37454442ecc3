import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { Invalid } from '../../errors.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { CloudLook } from '../../openstack-api/cloud.ts';
import { type ListedService, serviceKey } from '../../openstack-api/services.ts';
import { passing, stalled } from '../hold.ts';
import { isOnTrial } from '../trial-note.ts';
import { hostState } from './host-state.ts';
import { followTrial, type Trial, type Verdict, verdictOf } from './trial.ts';

/** What OpenStack says of the binding's hosts. */
export interface OpenStackView {
  /** Why it says nothing; then nothing below tells anything. */
  readonly problem?: Hold;
  /** It has been asked, and not answered for the first time. */
  readonly isAwaited?: true;
  /** By `serviceKey`. */
  readonly services: ReadonlyMap<string, ListedService>;
  /** Why Glance does not answer as it should. */
  readonly glanceProblem?: string;
  /** By the host's name: of those on trial whose own part of the switch is done. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** What computes of all bindings of the namespace are called, as `serviceKey`. */
  readonly knownComputes: ReadonlySet<string>;
}

/** What was seen of each host on trial, by what it is on trial with. */
export type Trials = ReadonlyMap<string, Trial>;

interface Asked {
  /** What was seen before, for the trials to go on from. */
  readonly before: Trials;
  /** On the clock of the looks. */
  readonly nowMs: number;
}

/**
 * What a look tells: undefined while there is none, a hold where nobody can be asked. `own` are the binding's hosts, `all`
 * those of its namespace.
 */
export function openStackView(
  look: CloudLook | Hold | undefined,
  own: readonly CephOpenStackHost[],
  all: readonly CephOpenStackHost[],
  { before, nowMs }: Asked,
): { readonly view: OpenStackView; readonly trials: Trials } {
  const found = look !== undefined && 'askedAt' in look ? look : undefined;
  const problem = problemOf(look);
  const trials = new Map<string, Trial>();
  const verdicts = new Map<string, Verdict>();
  for (const host of own) {
    if (!isOnTrial(host) || !isSwitched(host)) continue;
    const key = `${host.metadata.uid} ${host.spec.revision?.current}`;
    const services = host.status?.services ?? [];
    const trial = followTrial(before.get(key), services, found, nowMs);
    trials.set(key, trial);
    verdicts.set(host.spec.hostName, verdictOf(trial, services));
  }
  const view = {
    ...(problem === undefined ? {} : { problem }),
    ...(look === undefined ? { isAwaited: true as const } : {}),
    services: found?.services ?? new Map(),
    ...(found?.glanceProblem === undefined ? {} : { glanceProblem: found.glanceProblem }),
    verdicts,
    knownComputes: new Set(
      all.flatMap(({ status }) =>
        (status?.services ?? []).filter(({ binary }) => binary === 'nova-compute').map(serviceKey),
      ),
    ),
  };
  return { view, trials };
}

/** Its services run with what they were told, as far as the host itself can tell. */
function isSwitched(host: CephOpenStackHost): boolean {
  return host.status?.switched === host.spec.revision?.current && hostState(host).ready;
}

function problemOf(look: CloudLook | Hold | undefined): Hold | undefined {
  if (look === undefined) return passing('OpenStackUnreachable', 'OpenStack has not answered yet.');
  if (!('askedAt' in look)) return look;
  if (look.problem === undefined) return undefined;
  const { reason, message } = look.problem;
  return look.problem instanceof Invalid ? stalled(reason, message) : passing(reason, message);
}
