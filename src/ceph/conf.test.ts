import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../secret.ts';
import { ConfError, clientConf, parseCephConf, parseKeyring, renderCephConf, renderKeyring } from './conf.ts';

test('parseCephConf() reads what people write', () => {
  const conf = parseCephConf(
    [
      '# made by hand',
      '[global]',
      'mon host = 10.0.0.1, 10.0.0.2 ; both',
      'fsid=abc',
      'auth-client-required = "cephx"',
      'mon_host = 10.0.0.\\',
      '3',
      '[ client ]',
      '\trbd cache = true',
    ].join('\r\n'),
  );
  assert.equal(conf.get('global')?.get('mon_host'), '10.0.0.3');
  assert.equal(conf.get('global')?.get('fsid'), 'abc');
  assert.equal(conf.get('global')?.get('auth_client_required'), 'cephx');
  assert.equal(conf.get('client')?.get('rbd_cache'), 'true');
});

for (const [text, fault] of [
  ['mon_host = a', 'Line 1 stands in no section'],
  ['[global]\nnonsense', 'Line 2 is neither a section nor "option = value"'],
  ['[global]\nfsid = "abc', 'Line 2 has a quote that does not end'],
] as const) {
  test(`parseCephConf() says of ${JSON.stringify(text)}: ${fault}`, () => {
    assert.throws(() => parseCephConf(text), new ConfError(fault));
  });
}

test('renderCephConf() never writes auth_supported nor a key', () => {
  for (const name of ['auth_supported', 'key', 'keyfile']) {
    assert.throws(() => renderCephConf(new Map([['global', new Map([[name, 'x']])]])), ConfError);
  }
});

test('clientConf() is the least that a client needs', () => {
  assert.equal(
    clientConf({ fsid: 'abc', monHost: '[v2:10.0.0.1:3300,v1:10.0.0.1:6789]' }),
    '[global]\nfsid = abc\nmon_host = [v2:10.0.0.1:3300,v1:10.0.0.1:6789]\n',
  );
});

const name = fc
  .stringMatching(/^[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,4}){0,2}$/)
  .filter((word) => word !== 'key' && word !== 'keyfile');
const value = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\p{Cc}/gu, ''));
const conf = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/), fc.array(fc.tuple(name, value), { maxLength: 4 })), {
    maxLength: 4,
  })
  .map((sections) => new Map(sections.map(([section, options]) => [section, new Map(options)])));

test('parseCephConf() gives back what renderCephConf() wrote', () => {
  fc.assert(
    fc.property(conf, (sections) => {
      assert.deepEqual(parseCephConf(renderCephConf(sections)), sections);
    }),
    { numRuns: 10_000 },
  );
});

test('renderCephConf() refuses whatever would break out of its line', () => {
  for (const bad of ['a\nb', 'a\r', 'a\0']) {
    assert.throws(() => renderCephConf(new Map([['global', new Map([['fsid', bad]])]])), ConfError);
  }
  assert.throws(() => renderCephConf(new Map([['a]\n[b', new Map()]])), ConfError);
  assert.throws(() => renderCephConf(new Map([['global', new Map([['a = b\nc', 'd']])]])), ConfError);
});

test('parseCephConf() takes any text without anything worse than a ConfError', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('[global]', '\n', 'a = b', '"', '\\', '#', "x = 'y'")), {
        maxLength: 10,
      }),
      (parts) => {
        try {
          parseCephConf(parts.join(''));
        } catch (error) {
          assert.ok(error instanceof ConfError);
        }
      },
    ),
    { numRuns: 10_000 },
  );
});

test('parseKeyring() gives back what renderKeyring() wrote', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^client\.[a-z.-]{1,10}$/), fc.base64String({ minLength: 4 }), (entity, text) => {
      const key = new Secret(text);
      assert.equal(parseKeyring(renderKeyring(entity, key)).get(entity)?.reveal(), text);
    }),
    { numRuns: 10_000 },
  );
});

test('parseKeyring() reads a keyring with caps', () => {
  const text = '[client.x]\n\tkey = YWJj==\n\tcaps mon = "allow r, allow command \\"osd blocklist\\""\n';
  assert.equal(parseKeyring(new Secret(text)).get('client.x')?.reveal(), 'YWJj==');
});
