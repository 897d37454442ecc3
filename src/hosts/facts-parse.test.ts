import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Invalid } from '../errors.ts';
import type { HostFacts, ObserveRequest } from './facts.ts';
import { parseFacts } from './facts-parse.ts';
import { parseFrames } from './frames.ts';
import { manifestPath } from './manifest.ts';
import type { ContentCache } from './ssh-access.ts';

const nonce = '0123456789abcdef0123456789abcdef';
const noCache: ContentCache = { hash: () => undefined, get: () => undefined, set: () => undefined };
const conf = '[global]\nfsid = x\n';
const sha256 = createHash('sha256').update(conf).digest('hex');
const uuid = '457eb676-33da-42ec-9a8c-9293d545c337';
const guest = '11111111-2222-3333-4444-555555555555';
/** Of libvirt's two ways to write one, a disk of a file, and one that is being copied. */
const disks = `      <auth username='cinder'>
      <source protocol='rbd' name='volumes/volume-1' index='1'>
    </disk>
    </disk>
      <source protocol='rbd' name='vms/ns/x_disk'>
        <auth username='a-b'>
    </disk>
      <auth username='cinder'>
      <source protocol='rbd' name='volumes/volume-2'>
        <source protocol='rbd' name='ssd/volume-2'>
    </disk>
      <source protocol='rbd' name='open/x'>
    </disk>
      <auth username='a &amp; b'>
      <source protocol='rbd' name='volumes/x'>
    </disk>
all
`;
const boot = 'c6b1a3f0-93c6-4b5e-8a5e-0d8bcd1f3a11';

const request: ObserveRequest = {
  packages: ['librados2', 'nova-compute', 'gone'],
  units: ['nova-compute.service', 'alias.service', 'none.service'],
  files: ['/etc/ceph/ceph.conf', '/etc/ceph/none', '/etc/nova/nova.conf', '/opt/x/y'],
  users: ['nova', 'glance'],
  names: ['mon1', 'mon2.example.com'],
  libvirt: true,
  guests: true,
  instanceDirectories: ['/var/lib/nova/instances'],
  imageDirectories: ['/var/lib/glance/images'],
  access: [
    { user: 'nova', entity: 'client.cinder', conf: '/etc/ceph/ceph.conf', pool: 'vms', interpreter: 'python3' },
    { user: 'nova', entity: 'client.cinder', conf: '/etc/ceph/ceph.conf', pool: 'images', interpreter: 'python3' },
    { user: 'glance', entity: 'client.glance', conf: '/etc/ceph/ceph.conf', pool: 'images', interpreter: 'python3' },
  ],
};

/** What a host answers: head lines and what follows each. */
const answer: readonly (readonly [string, string])[] = [
  ['begin', ''],
  ['os', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n'],
  ['hostname', 'cmp1\n'],
  ['init', 'systemd\n'],
  [
    'packages',
    'librados2|18.2.7+ds-1|install ok installed\nnova-compute|2:31.0.0-6|install ok half-configured\ngone|1|deinstall ok config-files\nother|1|install ok installed\n',
  ],
  ['locks', 'busy\n'],
  [
    'units',
    'MainPID=134\nId=nova-compute.service\nNames=nova-compute.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nInvocationID=21efdcc542164807a999916f3fda9d41\nNeedDaemonReload=yes\nDropInPaths=/run/systemd/system/nova-compute.service.d/50-pacemaker.conf\nJob=7\n\nId=real.service\nNames=real.service alias.service\nMainPID=0\nLoadState=loaded\nActiveState=inactive\nSubState=dead\n\n',
  ],
  ['process 134', '134 (nova (x) S 1\n9) S 1 134 134 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 295962 1 2\n'],
  ['user nova', 'uid=64060(nova) gid=64060(nova) groups=64060(nova),999(libvirt)\n'],
  ['user glance', ''],
  ['name mon1', '10.0.0.1\n10.0.0.1\n2001:db8::1\nnonsense $(id)\n'],
  ['name other', '10.0.0.9\n'],
  [
    'stat',
    [
      `81a0|0|64045|root|ceph|${conf.length}|1000|/etc/ceph/ceph.conf`,
      '41ed|0|0|root|root|4096|1|/etc',
      '41ed|0|0|root|root|4096|1|/etc/ceph',
      '41e8|64060|64060|nova|nova|4096|1|/etc/nova',
      'a1ff|0|0|root|root|4|1|/etc/nova/nova.conf',
      '41ff|0|0|root|root|4096|1|/opt',
      '',
    ].join('\n'),
  ],
  ['now', '1060\n'],
  ['hashes', `${sha256}  /etc/ceph/ceph.conf\n`],
  ['content /etc/ceph/ceph.conf', `${Buffer.from(conf).toString('base64')}\n`],
  ['instances', '3\n'],
  ['images', '2\n'],
  ['libvirt', 'reachable\n'],
  [
    `secret ${uuid}`,
    `<secret ephemeral='no' private='no'>\n  <uuid>${uuid}</uuid>\n  <usage type='ceph'>\n    <name>client.cinder &amp; secret</name>\n  </usage>\n</secret>\n`,
  ],
  [`value ${uuid}`, `${'ab'.repeat(32)}  -\n`],
  [
    'guests',
    `  <uuid>${guest}</uuid>\n  <secret type='ceph' uuid='${uuid}'/>\n  <uuid>${guest}</uuid>\n      <secret type='ceph' usage='client.x &lt;'/>\n${disks}`,
  ],
  ['clock', `${boot}\n999 (cat) R 1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 300000 1 1\n`],
  ['access 1 pool [errno 1] \u001b[31mdenied', ''],
  ['access 0 ok', ''],
  ['noaccess glance python3 user', ''],
  ['end', ''],
];

function text(frames: readonly (readonly [string, string])[]): string {
  return frames.map(([head, body]) => `\n== ${nonce} ${head}\n${body}`).join('');
}

function parse(stdout: string): HostFacts {
  const output = { stdout, stderrTail: '', exitCode: 0 };
  return parseFacts(parseFrames(output, nonce, 'cmp1'), request, noCache, 'cmp1');
}

for (const what of ['instances', 'images']) {
  test(`parseFacts() takes a host that does not count its ${what} for no empty one`, () => {
    const without = answer.filter(([head]) => head !== what);
    assert.throws(() => parse(text(without)), {
      reason: 'HostAnswerInvalid',
      message: new RegExp(`number of ${what}`),
    });
  });
}

test('parseFacts() understands a whole answer', () => {
  const facts = parse(`Welcome!\n${text(answer)}`);
  const { content, ...file } = facts.files['/etc/ceph/ceph.conf'] as { content?: { reveal(): string } };
  assert.equal(content?.reveal(), conf);
  assert.deepEqual(file, {
    ...{ kind: 'file', owner: 'root', group: 'ceph', mode: '0640', bytes: conf.length, ageSeconds: 60 },
    ...{ sha256, parentMissing: false },
  });
  assert.deepEqual(facts.files['/etc/ceph/none'], { kind: 'absent', parentMissing: false });
  assert.deepEqual(facts.files['/etc/nova/nova.conf'], {
    ...{ kind: 'symlink', parentMissing: false, parentOfOther: '/etc/nova belongs to nova' },
  });
  assert.equal(facts.files['/opt/x/y']?.parentProblem, '/opt is writable for everybody');
  assert.deepEqual(facts.os, {
    ...{ id: 'debian', idLike: [], versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)' },
    ...{ hostname: 'cmp1', initSystem: 'systemd' },
  });
  assert.deepEqual(facts.clock, { bootID: boot, ticks: 300_000 });
  assert.deepEqual(facts.packages, {
    librados2: { version: '18.2.7+ds-1', status: 'installed' },
    'nova-compute': { version: '2:31.0.0-6', status: 'half-configured' },
  });
  assert.equal(facts.packageManagerBusy, true);
  assert.deepEqual(facts.units['nova-compute.service'], {
    ...{ load: 'loaded', active: 'active', sub: 'running', unitFile: 'enabled', jobPending: true },
    ...{ invocation: '21efdcc542164807a999916f3fda9d41', mainPID: 134, startTicks: 295_962 },
    ...{ needsReload: true, clusterManaged: true },
  });
  assert.equal(facts.units['alias.service']?.load, 'loaded');
  assert.equal(facts.units['none.service']?.load, 'not-found');
  assert.deepEqual(facts.users, { nova: { uid: 64060, gid: 64060, group: 'nova' }, glance: undefined });
  assert.deepEqual(facts.addresses, { mon1: ['10.0.0.1', '2001:db8::1'], 'mon2.example.com': [] });
  assert.equal(facts.localInstances, 3);
  assert.equal(facts.localImages, 2);
  assert.deepEqual(facts.libvirt, {
    reachable: true,
    secrets: [
      {
        ...{ uuid, usageType: 'ceph', usageName: 'client.cinder & secret', ephemeral: false, private: false },
        fingerprint: 'abababababababab',
      },
    ],
    uses: [
      { guest, secretUUID: uuid },
      { guest, secretUsage: 'client.x <' },
    ],
    guestPools: [
      { entity: 'client.a-b', pool: 'vms' },
      { entity: 'client.cinder', pool: 'ssd' },
      { entity: 'client.cinder', pool: 'volumes' },
    ],
  });
  assert.deepEqual(
    facts.access.map((found) => (found.ok ? 'ok' : found.problem)),
    ['ok', 'client.cinder cannot open pool "images" ([errno 1]  [31mdenied).', 'There is no user "glance".'],
  );
  assert.deepEqual(
    facts.access.map((found) => !found.ok && found.asked),
    [false, true, undefined],
  );
  assert.deepEqual(facts.manifest, { state: 'absent' });
});

const manifests: readonly (readonly [string, string, string, RegExp])[] = [
  ['a link', `a1ff|0|0|root|root|4|1|${manifestPath}`, '', /no regular file/],
  ['writable for a group', `81b0|0|0|root|root|4|1|${manifestPath}`, 'x', /others than root can write it/],
  ['of another owner', `8180|1|0|daemon|root|4|1|${manifestPath}`, 'x', /others than root can write it/],
  ['no JSON', `8180|0|0|root|root|4|1|${manifestPath}`, 'x', /it is not JSON/],
  ['too large', `8180|0|0|root|root|99999999|1|${manifestPath}`, '', /too large or no text/],
];
for (const [what, stat, content, problem] of manifests) {
  test(`parseFacts() uses no manifest that is ${what}`, () => {
    const above = ['/var', '/var/lib', '/var/lib/ceph-openstack-operator'].map(
      (path) => `41ed|0|0|root|root|1|1|${path}`,
    );
    const hash = createHash('sha256').update(content).digest('hex');
    const frames: readonly (readonly [string, string])[] = [
      ...answer.filter(([head]) => ['begin', 'clock', 'instances', 'images'].includes(head)),
      ['stat', `${[...above, stat].join('\n')}\n`],
      ...(content === '' ? [] : ([['hashes', `${hash}  ${manifestPath}\n`]] as const)),
      [`content ${manifestPath}`, Buffer.from(content).toString('base64')],
      ['end', ''],
    ];
    const { manifest } = parse(text(frames));
    assert.ok(manifest.state === 'unusable');
    assert.match(manifest.problem, problem);
  });
}

test('parseFacts() takes the hash of what came, not the one listed before', () => {
  const lying = answer.map(
    ([head, body]) => [head, head === 'hashes' ? body.replace(sha256, 'f'.repeat(64)) : body] as const,
  );
  const file = parse(text(lying)).files['/etc/ceph/ceph.conf'];
  assert.equal(file?.kind === 'file' && file.sha256, sha256);
});

const broken: readonly (readonly [string, string, RegExp])[] = [
  ['says nothing', '', /the script did not begin \(exit code 0\)/],
  ['says something else', 'hello\n', /the script did not begin/],
  ['uses another nonce', text(answer).replaceAll(nonce, 'f'.repeat(32)), /the script did not begin/],
  ['stops in the middle', text(answer).slice(0, -300), /the script broke off/],
  ['has no clock', text(answer.filter(([head]) => head !== 'clock')), /it does not tell its clock/],
];
for (const [what, stdout, message] of broken) {
  test(`parseFacts() refuses an answer that ${what}`, () => {
    assert.throws(() => parse(stdout), { reason: 'HostAnswerInvalid', message });
  });
}

test('parseFacts() takes any answer: facts without control characters, or HostAnswerInvalid', () => {
  const rubbish = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      '\u0000',
      '\u001b[2J',
      '\n\n',
      '\r\n',
      '__proto__',
      'constructor',
      "'>",
      '|',
      '=',
      '9'.repeat(40),
      '../..',
    ),
  );
  const hostile = fc.array(
    fc.tuple(fc.nat(answer.length - 1), fc.constantFrom('head', 'body', 'drop', 'cut', 'again'), fc.nat(150), rubbish),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  let understood = 0;
  fc.assert(
    fc.property(hostile, (changes) => {
      let frames: (readonly [string, string])[] = [...answer];
      for (const [at, how, offset, put] of changes) {
        frames = frames.flatMap(([head, body], index): (readonly [string, string])[] => {
          if (index !== at) return [[head, body]];
          if (how === 'drop') return [];
          if (how === 'again')
            return [
              [head, put],
              [head, body],
            ];
          if (how === 'cut') return [[head, body.slice(0, offset)]];
          const spoil = (line: string) => line.slice(0, offset) + put + line.slice(offset + 1);
          return how === 'head' ? [[spoil(head), body]] : [[head, spoil(body)]];
        });
      }
      let facts: HostFacts;
      try {
        facts = parse(text(frames));
      } catch (error) {
        assert.ok(error instanceof Invalid && error.reason === 'HostAnswerInvalid', inspect(error));
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        return;
      }
      understood += 1;
      assert.doesNotMatch(JSON.stringify(facts).replaceAll('\\\\', ''), /\\u00[01]|\\[bfnrt]/);
      assert.deepEqual(Object.keys(facts.units), request.units);
      assert.equal(facts.access.length, request.access.length);
      assert.ok(Object.keys(facts.files).every((path) => path.startsWith('/etc/') || path.startsWith('/opt/')));
      assert.ok(Number.isSafeInteger(facts.localInstances));
    }),
    { numRuns: 10_000 },
  );
  assert.ok(understood > 1_000, `${understood}`);
});
