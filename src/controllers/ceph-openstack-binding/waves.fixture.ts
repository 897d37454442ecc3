import type { Rollout, WaveHost } from './waves.ts';

export const rollout: Rollout = { maxUnavailable: { NovaCompute: '10%', others: 1 }, canary: 1, pauseOnFailure: true };
export const wide: Rollout = { maxUnavailable: { others: '100%' }, canary: 0, pauseOnFailure: true };

/** A compute host in service that has the revision `new` laid out and is to switch to it. */
export function host(name: string, state: Partial<WaveHost> = {}): WaveHost {
  return {
    name,
    roles: ['NovaCompute'],
    variants: {},
    reachable: 'yes',
    passedBy: false,
    current: 'old',
    distributed: 'new',
    switched: 'old',
    ready: true,
    failing: false,
    seen: 'up',
    returns: false,
    idle: false,
    changedRoles: ['NovaCompute'],
    ...state,
  };
}
export const done: Partial<WaveHost> = { current: 'new', switched: 'new', changedRoles: [] };
export const going: Partial<WaveHost> = { current: 'new', switched: 'old', ready: false, changedRoles: [] };
