import { clean } from './clean.ts';
import type { GuestPool, GuestSecretUse, LibvirtFacts, LibvirtSecretFacts } from './facts.ts';
import type { Frame } from './frames.ts';

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const hashOfNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const silent = { reachable: false, secrets: [], uses: [], guestPools: [] } as const;

/** Frames `libvirt`, `secret UUID`, `value UUID`, `guests`; undefined when there is no virsh. */
export function parseLibvirt(frames: readonly Frame[]): LibvirtFacts | undefined {
  const start = frames.find(({ head }) => head[0] === 'libvirt');
  if (start === undefined) {
    return undefined;
  }
  const [word = '', ...said] = start.body.split('\n');
  if (word !== 'reachable') {
    const problem = clean(said.join(' ').replace(/^error: /, '')) || 'virsh gave no answer';
    return { ...silent, problem };
  }
  const values = new Map(
    frames.flatMap(({ head, body }) => (head[0] === 'value' ? [[head[1] ?? '', body.slice(0, 64)]] : [])),
  );
  const secrets = frames.flatMap(({ head, body }) =>
    head[0] === 'secret' ? parseSecret(head[1] ?? '', body, values.get(head[1] ?? '')) : [],
  );
  const guests = frames.find(({ head }) => head[0] === 'guests')?.body ?? 'all';
  // From a part of them nobody may conclude that a key or a pool is not used.
  if (guests.trimEnd().split('\n').at(-1) !== 'all') {
    return { ...silent, problem: 'it did not tell of all its guests' };
  }
  return { reachable: true, secrets, uses: parseUses(guests), guestPools: parseGuestPools(guests) };
}

/** What `virsh secret-dumpxml` prints: libvirt's own formatter, so that patterns are enough. */
function parseSecret(uuid: string, xml: string, hash: string | undefined): readonly LibvirtSecretFacts[] {
  const [, usageType = 'none', inner = ''] = /<usage type='([a-z]+)'>([\s\S]{0,2000}?)<\/usage>/.exec(xml) ?? [];
  const isPrivate = /<secret [^>]*private='yes'/.test(xml);
  if (!uuidPattern.test(uuid) || !xml.includes('<secret')) {
    return [];
  }
  const known = hash !== undefined && /^[0-9a-f]{64}$/.test(hash) && hash !== hashOfNothing && !isPrivate;
  return [
    {
      uuid,
      usageType,
      usageName: plain(/<(?:name|volume|target)>([^<]*)</.exec(inner)?.[1] ?? ''),
      ephemeral: /<secret [^>]*ephemeral='yes'/.test(xml),
      private: isPrivate,
      // The same cut as Secret.fingerprint(), of the same text: virsh prints the value in base64, as Ceph writes keys.
      ...(known ? { fingerprint: hash.slice(0, 16) } : {}),
    },
  ];
}

/** Lines of guests' XML: `<uuid>` begins a guest, `<secret type='ceph' uuid=…/>` or `usage=…` is a use. */
function parseUses(body: string): readonly GuestSecretUse[] {
  const uses = new Map<string, GuestSecretUse>();
  let guest = '';
  for (const line of body.split('\n')) {
    const begins = /^ {2}<uuid>([0-9a-f-]{36})<\/uuid>/.exec(line)?.[1];
    if (begins !== undefined) {
      guest = begins;
    }
    const secretUUID = /<secret [^>]*\buuid='([0-9a-f-]{36})'/.exec(line)?.[1];
    const usage = /<secret [^>]*\busage='([^']*)'/.exec(line)?.[1];
    if (guest !== '' && (secretUUID !== undefined || usage !== undefined)) {
      uses.set(`${guest} ${secretUUID} ${usage}`, {
        guest,
        ...(secretUUID === undefined ? {} : { secretUUID }),
        ...(usage === undefined ? {} : { secretUsage: plain(usage) }),
      });
    }
  }
  return [...uses.values()].sort((a, b) => (a.guest < b.guest ? -1 : a.guest > b.guest ? 1 : 0));
}

/** Lines of guests' XML, where `</disk>` ends a disk: `<auth>` says as whom it opens the images of its sources. */
function parseGuestPools(body: string): readonly GuestPool[] {
  const found = new Map<string, GuestPool>();
  for (const disk of body.split('</disk>')) {
    // Names with other signs are of nobody whom we give rights, and to no pool that we give.
    const user = /<auth [^>]*\busername='([A-Za-z0-9_.-]{1,128})'/.exec(disk)?.[1];
    if (user === undefined) continue;
    const entity = `client.${user}`;
    for (const [, pool = ''] of disk.matchAll(/<source protocol='rbd' [^>]*\bname='([A-Za-z0-9_.-]{1,128})\//g)) {
      found.set(`${entity} ${pool}`, { entity, pool });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function plain(escaped: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&lt;': '<',
    '&gt;': '>',
    '&apos;': "'",
    '&quot;': '"',
    '&amp;': '&',
  };
  return clean(escaped.replace(/&(?:lt|gt|apos|quot|amp);/g, (entity) => entities[entity] ?? entity));
}
