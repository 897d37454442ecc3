import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSameMonitors } from './mon-host.ts';
import { lostMonitorsIn, monitorNamesIn, saysAllOf } from './same-conf.ts';

const names = new Map([
  ['mon1', ['10.0.0.1']],
  ['mon2.example.com', ['10.0.0.2']],
  ['both.example.com', ['10.0.0.2', '10.0.0.1']],
  ['dual', ['10.0.0.1', '2001:db8::1']],
]);
const addressesOf = (name: string) => names.get(name) ?? [];

const two = '[v2:10.0.0.1:3300,v1:10.0.0.1:6789],[v2:10.0.0.2:3300,v1:10.0.0.2:6789]';
const six = '[v2:[2001:db8::1]:3300,v1:[2001:db8::1]:6789]';
const near = '[v2:127.0.0.1:3300,v1:127.0.0.1:6789],[v2:127.0.0.1:3301,v1:127.0.0.1:6790]';

for (const [what, found, ours, expected] of [
  ['the same text', two, two, true],
  ['another order', '[v2:10.0.0.2:3300,v1:10.0.0.2:6789],[v1:10.0.0.1:6789,v2:10.0.0.1:3300]', two, true],
  ['addresses alone', '10.0.0.1,10.0.0.2', two, true],
  ['blanks between', '10.0.0.2 10.0.0.1', two, true],
  ['commas and blanks, a nonce, semicolons', 'v2:10.0.0.1:3300/0; 10.0.0.2:3300', two, true],
  ['the port of v1', '10.0.0.1:6789,10.0.0.2:6789', two, true],
  ['the port of v2', '10.0.0.1:3300,10.0.0.2:3300', two, true],
  ['both ports as two monitors', '10.0.0.1:3300 10.0.0.1:6789 10.0.0.2', two, true],
  ['names', 'mon1, mon2.example.com:6789', two, true],
  ['one name of all', 'both.example.com', two, true],
  ['brackets around IPv6', '[2001:0DB8:0:0::1]', six, true],
  ['v2 where ours is by v1 alone', '[v2:10.0.0.1:3300,v1:10.0.0.1:6789]', '10.0.0.1:6789', true],
  ['names on both sides', 'mon1', 'mon1:6789', true],
  ['a name in capitals', 'MON9', 'mon9', true],
  ['two monitors of one machine', '127.0.0.1:6790 127.0.0.1:6789', near, true],
  ['a monitor less', '10.0.0.1', two, false],
  ['a monitor more', '10.0.0.1,10.0.0.2,10.0.0.3', two, false],
  ['another monitor', '10.0.0.1,10.0.0.3', two, false],
  ['a monitor less of one machine', '127.0.0.1', near, false],
  ['a name with one address more', 'dual', '10.0.0.1', false],
  ['a name that nobody knows', '10.0.0.1, mon7', two, false],
  ['v1 where ours is by v2 alone', '10.0.0.1:6789', 'v2:10.0.0.1:3300', false],
  ['a port of its own', '10.0.0.1:6790', '10.0.0.1', false],
  ['no monitor', '', two, false],
  ['nonsense', '[10.0.0.1', two, false],
] as const) {
  test(`isSameMonitors() takes ${what} for ${expected ? 'the same' : 'others'}`, () => {
    assert.equal(isSameMonitors(found, ours, addressesOf), expected);
    assert.equal(isSameMonitors(ours, found, addressesOf), expected, 'the other way round');
  });
}

const address = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 1, 2, 3, 4));
const spell = ([host, how]: readonly [number, number]): string => {
  const ip = `10.0.0.${host}`;
  return [ip, `${ip}:6789`, `v2:${ip}`, `[v2:${ip}:3300,v1:${ip}:6789]`, `[v1:${ip}:6789/0]`][how] ?? ip;
};

test('isSameMonitors() minds which machines they are, and no spelling that both protocols are told by', () => {
  const list = fc.array(address, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(list, list, fc.constantFrom(',', ' ', ', ', ';'), (these, those, separator) => {
      const hosts = (all: typeof these) => [...new Set(all.map(([host]) => host))].sort().join(' ');
      const ours = those.map(([host]) => spell([host, 3])).join(',');
      const found = these.map(spell).join(separator);
      assert.equal(
        isSameMonitors(found, ours, () => []),
        hosts(these) === hosts(those),
      );
    }),
    { numRuns: 5_000 },
  );
});

const wanted = `[global]\nfsid = abc\nmon_host = ${two}\n\n[client]\nrbd_cache = true\n`;
for (const [what, found, expected] of [
  ['all in other words', '[global]\nfsid=abc\nmon host = mon1 10.0.0.2\n[client]\nrbd cache = true\n', true],
  ['more than that', '[client]\nrbd-cache = true\n[global]\nfsid=abc\nmon_host="10.0.0.1;10.0.0.2"\nx = y\n', true],
  ['a monitor less', '[global]\nfsid=abc\nmon_host = 10.0.0.1\n[client]\nrbd_cache = true\n', false],
  ['no monitor', '[global]\nfsid=abc\n[client]\nrbd_cache = true\n', false],
  ['an option less', `[global]\nfsid=abc\nmon_host = ${two}\n`, false],
  ['no ceph.conf', 'nonsense', false],
] as const) {
  test(`saysAllOf() ${expected ? 'takes' : 'does not take'} a ceph.conf with ${what}`, () => {
    assert.equal(saysAllOf(found, wanted, addressesOf), expected);
  });
}

for (const [what, monHost, client, expected] of [
  ['of monitors of which one cannot be looked up', 'mon1, mon7', 'rbd_cache = true', true],
  ['with an address beside such a name', '10.0.0.2, mon7', 'rbd_cache = true', true],
  ['with another option', 'mon1, mon7', 'rbd_cache = false', false],
  ['of monitors of which none can be looked up', 'mon7, MON8', 'rbd_cache = true', true],
  ['of monitors of which none can be looked up, and another option', 'mon7, mon8', 'rbd_cache = false', false],
  ['of other monitors, and one that cannot be looked up', '10.0.0.3, mon7', 'rbd_cache = true', false],
  ['of a monitor less, all of which can be looked up', 'mon1', 'rbd_cache = true', false],
  ['of monitors that cannot be read', '[mon1, mon7', 'rbd_cache = true', false],
] as const) {
  test(`saysAllOf() ${expected ? 'goes on taking' : 'no longer takes'} a ceph.conf ${what}`, () => {
    const found = `[global]\nfsid = abc\nmon_host = ${monHost}\n[client]\n${client}\n`;
    assert.equal(saysAllOf(found, wanted, addressesOf, true), expected);
    assert.equal(saysAllOf(found, wanted, addressesOf), false, 'one that never agreed');
  });
}

for (const [what, monHost, expected] of [
  ['all of them', 'mon9 [v2:MON8:3300,v1:MON8:6789]', ['MON8', 'mon9']],
  ['none, beside an address', 'mon9 10.0.0.7', []],
  ['none, beside one that is known', 'mon9 mon1', []],
  ['none of addresses', '10.0.0.7', []],
  ['none of nonsense', '[mon9', []],
] as const) {
  test(`lostMonitorsIn() tells ${what}`, () => {
    assert.deepEqual(lostMonitorsIn(`[global]\nmon_host = ${monHost}\n`, addressesOf), expected);
  });
}

test('monitorNamesIn() finds the names that have to be looked up', () => {
  assert.deepEqual(monitorNamesIn('[global]\nmon host = mon1, [v2:mon2.example.com:3300] 10.0.0.3\n'), [
    'mon1',
    'mon2.example.com',
  ]);
  for (const text of ['nonsense', '[global]\nmon_host = [', '[client]\nmon_host = mon1\n']) {
    assert.deepEqual(monitorNamesIn(text), []);
  }
});
