import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { Invalid } from '../../errors.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { ServiceName } from '../../openstack-api/catalog.ts';
import type { CloudLook, Clouds } from '../../openstack-api/cloud.ts';
import { type CloudAccess, parseCloudAccess } from '../../openstack-api/cloud-access.ts';
import { type ListedService, serviceKey } from '../../openstack-api/services.ts';
import { passing, stalled } from '../hold.ts';
import type { SecretData, SecretReader } from '../secrets.ts';
import { hostState } from './host-state.ts';
import { followTrial, type Trial, type Verdict, verdictOf } from './trial.ts';
import { noteOf } from './trial-note.ts';

/** What OpenStack says of the binding's hosts. */
export interface OpenStackView {
  /** Why it says nothing; then nothing below tells anything. */
  readonly problem?: Hold;
  /** By `serviceKey`. */
  readonly services: ReadonlyMap<string, ListedService>;
  /** Why Glance does not answer as it should. */
  readonly glanceProblem?: string;
  /** By the host's name: of those on trial whose own part of the switch is done. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** What computes of all bindings of the namespace are called, as `serviceKey`. */
  readonly knownComputes: ReadonlySet<string>;
}

export interface OpenStackWatch {
  /** Undefined where the binding does not want OpenStack asked. `hosts` are all of the namespace. */
  view(
    binding: CephOpenStackBinding,
    own: readonly CephOpenStackHost[],
    hosts: readonly CephOpenStackHost[],
    signal: AbortSignal,
  ): Promise<OpenStackView | undefined>;
}

/** While a host is on trial, and else. */
const trialLookMs = 4_000;
const settledLookMs = 55_000;

/**
 * It remembers what it saw of hosts on trial: of a service only whether it goes on reporting tells that it lives. With a
 * new process the trial begins anew, which costs time and nothing else.
 */
export function openStackWatch(clouds: Clouds, secrets: SecretReader): OpenStackWatch {
  const trials = new Map<string, ReadonlyMap<string, Trial>>();

  function judgeTrials(
    binding: CephOpenStackBinding,
    onTrial: readonly CephOpenStackHost[],
    look: CloudLook | undefined,
  ): ReadonlyMap<string, Verdict> {
    const { uid } = binding.metadata;
    const before = trials.get(uid);
    const now = new Map<string, Trial>();
    const verdicts = new Map<string, Verdict>();
    for (const host of onTrial) {
      const key = `${host.metadata.uid} ${host.spec.revision?.current}`;
      const services = host.status?.services ?? [];
      const trial = followTrial(before?.get(key), services, look, performance.now());
      now.set(key, trial);
      verdicts.set(host.spec.hostName, verdictOf(trial, services));
    }
    if (now.size === 0) trials.delete(uid);
    else trials.set(uid, now);
    return verdicts;
  }

  return {
    async view(binding, own, hosts, signal) {
      const { namespace, deletionTimestamp } = binding.metadata;
      const wanted = binding.spec.verification.openStack;
      if (wanted === undefined || binding.spec.mode === 'Plan' || deletionTimestamp !== undefined) {
        trials.delete(binding.metadata.uid);
        return undefined;
      }
      const onTrial = own.filter((host) => noteOf(host).from !== undefined);
      const access = await readAccess(secrets, namespace, wanted.secretName, signal);
      const look =
        'id' in access
          ? await clouds.look(
              access,
              servicesOf(binding),
              { freshMs: onTrial.length > 0 ? trialLookMs : settledLookMs },
              signal,
            )
          : undefined;
      const problem = 'id' in access ? problemOf(look) : access;
      return {
        ...(problem === undefined ? {} : { problem }),
        services: look?.services ?? new Map(),
        ...(look?.glanceProblem === undefined ? {} : { glanceProblem: look.glanceProblem }),
        verdicts: judgeTrials(binding, onTrial.filter(isSwitched), look),
        knownComputes: new Set(
          hosts.flatMap(({ status }) =>
            (status?.services ?? []).filter(({ binary }) => binary === 'nova-compute').map(serviceKey),
          ),
        ),
      };
    },
  };
}

/** Its services run with what they were told, as far as the host itself can tell. */
function isSwitched(host: CephOpenStackHost): boolean {
  return host.status?.switched === host.spec.revision?.current && hostState(host).ready;
}

function servicesOf({ spec }: CephOpenStackBinding): ReadonlySet<ServiceName> {
  return new Set<ServiceName>([
    ...(spec.cinder === undefined && spec.cinderBackup === undefined ? [] : (['Cinder'] as const)),
    ...(spec.glance === undefined ? [] : (['Glance'] as const)),
    ...(spec.nova === undefined ? [] : (['Nova'] as const)),
  ]);
}

const parsed = new WeakMap<SecretData, CloudAccess>();

async function readAccess(
  secrets: SecretReader,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<CloudAccess | Hold> {
  const data = await secrets.readSecret(namespace, name, signal);
  if (data === undefined) {
    const message = `The OpenStack Secret "${name}" does not exist: create it in the namespace "${namespace}".`;
    return passing('ConnectionMissing', message);
  }
  try {
    const access = parsed.get(data) ?? parseCloudAccess(name, data);
    parsed.set(data, access);
    return access;
  } catch (error) {
    if (error instanceof Invalid) return stalled(error.reason, error.message);
    throw error;
  }
}

function problemOf(look: CloudLook | undefined): Hold | undefined {
  if (look === undefined) return passing('OpenStackUnreachable', 'OpenStack has not answered yet.', trialLookMs);
  if (look.problem === undefined) return undefined;
  const { reason, message } = look.problem;
  return look.problem instanceof Invalid ? stalled(reason, message) : passing(reason, message);
}
