import assert from 'node:assert/strict';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isInCidr, parseCidr, parseIpAddress } from './address.ts';

describe('parseIpAddress()', () => {
  it('knows an address when Node does', () => {
    const texts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.stringMatching(/^[0-9a-f:.]{1,40}$/));
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(parseIpAddress(text) !== undefined, isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('counts IPv4 within IPv6 as IPv4', () => {
    assert.deepEqual(parseIpAddress('::ffff:10.0.0.1'), parseIpAddress('10.0.0.1'));
  });
});

describe('isInCidr()', () => {
  it('agrees with Node on IPv4 and IPv6', () => {
    const ipv4 = fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const));
    const ipv6 = fc.tuple(fc.ipV6(), fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const));
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), ([address, base, prefix, family]) => {
        // An IPv4-mapped address is an IPv4 address here and not for Node's list of IPv6 ranges.
        fc.pre(
          parseIpAddress(address)?.bits === parseIpAddress(base)?.bits && prefix <= (parseIpAddress(base)?.bits ?? 0),
        );
        fc.pre(family === 'ipv4' || parseIpAddress(address)?.bits === 128);
        const list = new BlockList();
        list.addSubnet(base, prefix, family);
        assert.equal(isInCidr(address, `${base}/${prefix}`), list.check(address, family));
      }),
      { numRuns: 10_000 },
    );
  });

  it('finds no name in any range', () => assert.equal(isInCidr('ctl1.example.org', '0.0.0.0/0'), false));
  it('finds no IPv4 in an IPv6 range', () => assert.equal(isInCidr('10.0.0.1', '::/0'), false));
});

describe('parseCidr()', () => {
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8', '::/129', 'a/8', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseCidr(text), undefined));
  }
});
