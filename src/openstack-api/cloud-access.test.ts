import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Invalid } from '../errors.ts';
import { Secret } from '../secret.ts';
import { parseCloudAccess } from './cloud-access.ts';

const secretOf = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, new Secret(text)]));
const access = (texts: Readonly<Record<string, string>>) => parseCloudAccess('cloud-admin', secretOf(texts));
const loginOf = (texts: Readonly<Record<string, string>>) => JSON.parse(access(texts).login.reveal()).auth;

const variables = {
  OS_AUTH_URL: 'http://[fd00::5]:5000/v3/',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'p4ss',
  OS_PROJECT_NAME: 'admin',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};
const oneCloud = `
clouds:
  east:
    auth: {auth_url: "https://cloud.example/identity", username: admin, password: 0123, project_id: p1}
    region_name: RegionOne
    interface: internal
`;
const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

test('parseCloudAccess() reads the variables of an openrc file, each a key', () => {
  const { authUrl, region, interface: side } = access(variables);
  assert.deepEqual([authUrl, region, side], ['http://[fd00::5]:5000/v3', undefined, 'public']);
  assert.deepEqual(loginOf(variables), {
    identity: {
      methods: ['password'],
      password: { user: { name: 'admin', domain: { name: 'Default' }, password: 'p4ss' } },
    },
    scope: { project: { name: 'admin', domain: { name: 'Default' } } },
  });
});

test('parseCloudAccess() reads the one cloud of clouds.yaml, or the one that is named', () => {
  const east = access({ 'clouds.yaml': oneCloud });
  assert.deepEqual(
    [east.authUrl, east.region, east.interface],
    ['https://cloud.example/identity/v3', 'RegionOne', 'internal'],
  );
  assert.deepEqual(loginOf({ 'clouds.yaml': oneCloud }), {
    identity: {
      methods: ['password'],
      password: { user: { name: 'admin', domain: { id: 'default' }, password: '0123' } },
    },
    scope: { project: { id: 'p1' } },
  });
  const two = `${oneCloud}  west:\n    auth: {auth_url: "http://west:5000", application_credential_id: a1, application_credential_secret: s1}\n`;
  assert.deepEqual(loginOf({ 'clouds.yaml': two, cloud: 'west' }), {
    identity: { methods: ['application_credential'], application_credential: { id: 'a1', secret: 's1' } },
  });
});

test('parseCloudAccess() gives equal access the same id, and other access another', () => {
  assert.equal(access(variables).id, access({ ...variables, OS_PROJECT_NAME: 'admin ' }).id);
  assert.notEqual(access(variables).id, access({ ...variables, OS_PASSWORD: 'other' }).id);
  assert.equal(access({ ...variables, cacert: pem }).ca, pem);
});

for (const [what, texts, says] of [
  ['it is empty', {}, /has neither "clouds.yaml" nor/],
  ['no password is said', { ...variables, OS_PASSWORD: '' }, /does not say password \(OS_PASSWORD\)/],
  ['the address is none', { ...variables, OS_AUTH_URL: 'cloud:p4ss' }, /an auth_url that is no URL/],
  ['the address holds a password', { ...variables, OS_AUTH_URL: 'http://u:p4ss@cloud:5000' }, /with more in it/],
  ['it is of version 2', { ...variables, OS_AUTH_URL: 'http://cloud:5000/v2.0' }, /version 2/],
  ['the type is another', { ...variables, OS_AUTH_TYPE: 'v3totp' }, /an auth_type/],
  ['certificates are not to be verified', { ...variables, OS_INSECURE: 'true' }, /never done/],
  ['the same in clouds.yaml', { 'clouds.yaml': `${oneCloud}    verify: false\n` }, /never done/],
  ['certificates are a path', { ...variables, OS_CACERT: '/etc/ssl/ca.pem' }, /not the path/],
  ['the interface is another', { ...variables, OS_INTERFACE: 'secret' }, /an interface other than/],
  ['there are several clouds', { 'clouds.yaml': `${oneCloud}  west: {}\n` }, /several clouds/],
  ['the cloud is not there', { 'clouds.yaml': oneCloud, cloud: '__proto__' }, /no cloud in "clouds.yaml"/],
  ['a profile is named', { 'clouds.yaml': 'clouds: {a: {profile: vendor}}' }, /a profile/],
  ['clouds.yaml is none', { 'clouds.yaml': 'password: "p4ss' }, /is no YAML/],
  ['a password reads as an alias', { 'clouds.yaml': 'clouds: {a: {auth: {password: *p4ss}}}' }, /needs quotes/],
  ['a password reads as a tag', { 'clouds.yaml': 'clouds: {a: {auth: {password: !h!p4ss x}}}' }, /needs quotes/],
  ['clouds.yaml holds no clouds', { 'clouds.yaml': 'clouds: [p4ss]' }, /without clouds/],
] as const) {
  test(`parseCloudAccess() refuses the Secret in a sentence without its values, when ${what}`, () => {
    assert.throws(
      () => access(texts),
      (error) => {
        assert.ok(error instanceof Invalid);
        assert.equal(error.reason, 'ConnectionInvalid');
        assert.match(error.message, /^The OpenStack Secret "cloud-admin" .*\.$/);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /p4ss/);
        return true;
      },
    );
  });
}
