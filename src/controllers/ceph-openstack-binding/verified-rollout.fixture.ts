import assert from 'node:assert/strict';
import type { OpenStackService } from '../../api/ceph-openstack-host.ts';
import type { CloudLook } from '../../openstack-api/cloud.ts';
import { serviceKey } from '../../openstack-api/services.ts';
import { followTrial, type Trial, verdictOf } from './trial.ts';
import { host } from './waves.fixture.ts';
import { planWaves, type WaveHost } from './waves.ts';

/** A rollout over computes in service; the decisions are the binding's own, and time is all that is made up. */
export interface Course {
  readonly hosts: number;
  readonly maxUnavailable: number | string;
  /** From being told to switch until the host says that its services run with it. */
  readonly switchSeconds: number;
  /** How often a service reports to OpenStack; left out: OpenStack is not asked. */
  readonly reportSeconds?: number;
  /** With the change no service reports, but for those of so many hosts that come first. */
  readonly soundHosts?: number;
}

export interface Passed {
  /** Until all hosts are up, or nobody moves any more. */
  readonly seconds: number;
  /** The most that were told and not yet seen up at a time. */
  readonly atATime: number;
  /** From being told until being done with, of the first host and of the one that took longest. */
  readonly canarySeconds: number;
  readonly longestSeconds: number;
  /** Those whose services did not come up. */
  readonly failed: number;
}

/** A host is followed for so long after its restart before it says that it is done. */
const followedSeconds = 5;
/** As the binding looks while a host is on trial: in between it is woken by hosts and by the ends of looks. */
const [passSeconds, freshSeconds] = [5, 4];
/** How long OpenStack takes to answer. */
const answerSeconds = 1;
const canary = 1;

interface Machine {
  readonly service: OpenStackService;
  readonly isSound: boolean;
  state: WaveHost;
  toldAt?: number;
  endedAt?: number;
  trial?: Trial;
}

export function passRollout(course: Course): Passed {
  const { maxUnavailable, switchSeconds, reportSeconds, soundHosts = course.hosts } = course;
  const rollout = { maxUnavailable: { others: maxUnavailable }, canary, pauseOnFailure: true };
  const machines = Array.from({ length: course.hosts }, (_, index): Machine => {
    const name = `cmp${String(index).padStart(4, '0')}`;
    const service: OpenStackService = { binary: 'nova-compute', host: name, stopped: false };
    return { service, isSound: index < soundHosts, state: host(name) };
  });
  let look: CloudLook | undefined;
  let asked: CloudLook | undefined;
  let passedAt = 0;
  let atATime = 0;
  for (let now = 0; now < 100_000; now++) {
    const isEnded = asked !== undefined && now >= asked.askedAt / 1000 + answerSeconds;
    if (isEnded) {
      look = asked;
      asked = undefined;
    }
    let isWoken = isEnded || now - passedAt >= passSeconds || now === 0;
    for (const machine of machines) {
      if (machine.state.current !== 'new' || now !== (machine.toldAt ?? 0) + switchSeconds) continue;
      machine.state = { ...machine.state, switched: 'new', ready: true };
      isWoken = true;
    }
    if (!isWoken) continue;
    passedAt = now;
    const age = look === undefined ? Number.POSITIVE_INFINITY : now - look.askedAt / 1000 - answerSeconds;
    if (reportSeconds !== undefined && asked === undefined && age >= freshSeconds) {
      asked = lookAt(machines, now, switchSeconds, reportSeconds);
    }
    for (const machine of machines) judge(machine, look, now);
    const states = machines.map(({ state }) => state);
    const { current } = planWaves('new', states, rollout);
    for (const machine of machines) {
      if (machine.state.current === 'new' || !current.has(machine.state.name)) continue;
      const seen = reportSeconds === undefined ? 'up' : 'coming';
      machine.toldAt = now;
      machine.state = { ...machine.state, current: 'new', ready: false, changedRoles: [], seen };
    }
    const moving = machines.filter(({ toldAt, endedAt }) => toldAt !== undefined && endedAt === undefined).length;
    atATime = Math.max(atATime, moving);
    if (moving === 0) return summary(machines, now, atATime);
  }
  return assert.fail('it never ends');
}

/** What OpenStack says now: a sound service reports as soon as it has started, and then at its pace. */
function lookAt(machines: readonly Machine[], now: number, switchSeconds: number, reportSeconds: number): CloudLook {
  const services = machines.map(({ service, isSound, toldAt }) => {
    const startedAt = toldAt === undefined ? 0 : toldAt + switchSeconds - followedSeconds;
    const runs = toldAt === undefined || (isSound && now >= startedAt);
    const reports = Math.floor((now - startedAt) / reportSeconds);
    return { ...service, isUp: true, reportedAt: runs ? `${startedAt} ${reports}` : 'before' };
  });
  return { askedAt: now * 1000, services: new Map(services.map((service) => [serviceKey(service), service])) };
}

function judge(machine: Machine, look: CloudLook | undefined, now: number): void {
  const { state, service } = machine;
  if (state.switched !== 'new' || machine.endedAt !== undefined) return;
  if (state.seen === 'coming') {
    machine.trial = followTrial(machine.trial, [service], look, now * 1000);
    const { kind } = verdictOf(machine.trial, [service]);
    if (kind === 'coming') return;
    // It has where to go back to.
    machine.state = kind === 'up' ? { ...state, seen: 'up' } : { ...state, current: 'old', seen: 'back' };
  }
  machine.endedAt = now;
}

function summary(machines: readonly Machine[], seconds: number, atATime: number): Passed {
  const took = machines.flatMap(({ toldAt, endedAt }) =>
    toldAt === undefined || endedAt === undefined ? [] : [endedAt - toldAt],
  );
  const failed = machines.filter(({ state }) => state.seen === 'back').length;
  return { seconds, atATime, canarySeconds: took[0] ?? 0, longestSeconds: Math.max(...took), failed };
}
