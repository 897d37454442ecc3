import { type Course, passRollout } from '../src/controllers/ceph-openstack-binding/verified-rollout.fixture.ts';
import type { Figure } from './figures.ts';

const course: Course = { hosts: 500, maxUnavailable: '10%', switchSeconds: 15 };

/** What waiting for OpenStack's word costs, by the binding's own decisions over a made-up time. */
export function benchVerifiedRollout(): readonly Figure[] {
  const figure = (what: string, more: Partial<Course>): Figure => {
    const { seconds, longestSeconds } = passRollout({ ...course, ...more });
    return { what: `${what}; one host takes ${longestSeconds} s`, value: `${(seconds / 60).toFixed(1)} min` };
  };
  return [
    figure('10% at a time, OpenStack not asked', {}),
    figure('10% at a time, services report every 10 s', { reportSeconds: 10 }),
    figure('… a host takes 60 s to switch', { reportSeconds: 10, switchSeconds: 60 }),
    figure('… services report every 60 s', { reportSeconds: 60 }),
    figure('5% at a time, services report every 10 s', { maxUnavailable: '5%', reportSeconds: 10 }),
    figure('2% at a time, services report every 10 s', { maxUnavailable: '2%', reportSeconds: 10 }),
    figure('one at a time, services report every 10 s', { maxUnavailable: 1, reportSeconds: 10 }),
  ];
}
