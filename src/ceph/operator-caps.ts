import { patternOf } from '../api/glob-pattern.ts';
import { entityPatterns, type Policy } from '../api/policy.ts';
import { legacyMonCap, legacyOsdCapPattern, profileCapPattern } from './access-caps.ts';
import type { Caps } from './caps.ts';
import { poolMarkKey, recordPrefix } from './marks.ts';

/** The variables of a pool that the operator sets. */
const poolVariables = [
  'allow_ec_overwrites',
  'bulk',
  'compression_algorithm',
  'compression_mode',
  'crush_rule',
  'min_size',
  'pg_autoscale_mode',
  'pg_num',
  'size',
  'target_size_ratio',
] as const;
export type PoolVariable = (typeof poolVariables)[number];

/** What a monitor is asked about itself. */
const monitorOptions = ['mon_max_pg_per_osd', 'osd_pool_default_pg_num', 'osd_pool_default_size'] as const;

type Condition = readonly [argument: string, how: '=' | 'prefix' | 'regex', value: string];

/**
 * The least caps with which the operator can do what a policy allows. Each command is granted by itself, with its
 * arguments bounded: an argument with a condition must be there and match, one without is free. So users are bounded
 * by entity and by the mon, osd and mgr caps that they may be given, and `auth add` takes its caps from arguments
 * (with those, Ceph refuses a keyring that brings its own). OSDs let the operator into pools that bear its mark only.
 */
export function operatorCaps(policy: Policy): Caps {
  const pool = anyOf(policy.pools.flatMap((glob) => patternOf(glob, []) ?? []));
  const entity: Condition = ['entity', 'regex', anyOf(entityPatterns(policy.entities))];
  const ofPool: Condition = ['pool', 'regex', pool];
  const record: Condition = ['key', 'prefix', recordPrefix];
  const mgr: Condition = ['caps_mgr', 'regex', profileCapPattern(pool)];
  const profile: readonly Condition[] = [
    entity,
    ['caps_mon', '=', 'profile rbd'],
    ['caps_osd', 'regex', profileCapPattern(pool)],
    mgr,
  ];
  const legacy: readonly Condition[] = [
    entity,
    ['caps_mon', '=', legacyMonCap],
    ['caps_osd', 'regex', legacyOsdCapPattern(pool)],
    mgr,
  ];
  const granting = ['auth add', 'auth caps', 'auth get-or-create'];
  const forms = policy.rawCaps ? [[entity]] : [profile, legacy];

  const mon = [
    'allow r',
    command('auth get', [entity]),
    ...granting.flatMap((prefix) => forms.map((form) => command(prefix, form))),
    command('auth rm', [entity]),
    command('config get', [['var', 'regex', `(${monitorOptions.join('|')})`]]),
    ...['config-key dump', 'config-key rm', 'config-key set'].map((prefix) => command(prefix, [record])),
    command('osd crush rule create-replicated', []),
    // A profile is named after its pool.
    command('osd erasure-code-profile set', [['name', 'regex', pool]]),
    command('osd pool application enable', [ofPool, ['app', '=', 'rbd']]),
    command('osd pool application set', [ofPool, ['app', '=', 'rbd'], ['key', '=', poolMarkKey]]),
    command('osd pool create', [ofPool]),
    // A snapshot of RBD's own, with which `rbd pool init` tries whether the pool can hold images.
    command('osd pool op unmanaged-snap', [['poolname', 'regex', pool]]),
    ...(policy.delete ? [command('osd pool rm', [ofPool])] : []),
    command('osd pool set', [ofPool, ['var', 'regex', `(${poolVariables.join('|')})`]]),
    command('osd pool set-quota', [ofPool]),
    command('sessions', []),
  ];
  return { mon: mon.join(', '), osd: `allow rwx tag rbd ${poolMarkKey}=*` };
}

/**
 * The commands with which an administrator makes the operator's user, or gives new caps to the one that is there, for a
 * POSIX shell. Two, for `auth get-or-create` refuses a user that has other caps than it is told.
 */
export function operatorCapsCommands(entity: string, caps: Caps): string {
  const user = shellQuote(entity);
  const pairs = Object.entries(caps).map(([subsystem, cap]) => `  ${subsystem} ${shellQuote(cap)}`);
  return [`ceph auth get-or-create ${user}\nceph auth caps ${user}`, ...pairs].join(' \\\n');
}

function command(prefix: string, conditions: readonly Condition[]): string {
  const allow = `allow command ${quote(prefix)}`;
  if (conditions.length === 0) return allow;
  const texts = conditions.map(
    ([argument, how, value]) => `${argument}${how === '=' ? '=' : ` ${how} `}${quote(value)}`,
  );
  return `${allow} with ${texts.join(' ')}`;
}

function quote(value: string): string {
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

/** A policy may allow nothing: no name has a slash. */
function anyOf(patterns: readonly string[]): string {
  return `(${patterns.join('|') || 'none-is-allowed/'})`;
}

function shellQuote(text: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
