import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { startAptProxy } from './apt-proxy.ts';
import { type Buildah, buildah, npmFolders } from './buildah.ts';
import { cached, cacheFolder, projectRoot } from './cache.ts';
import { kubeTool } from './kube-tools.ts';
import { removeTree } from './mounts.ts';
import { pauseName } from './node-config.ts';
import { run } from './process.ts';
import { progress } from './progress.ts';
import { debianMirror, debianRoot } from './roots.ts';

/** An image, as containerd takes it. */
export interface Image {
  readonly repository: string;
  readonly tag: string;
  /** Path of an archive as Docker saves it. */
  readonly archive: string;
}

/**
 * The operator's image, built by `make image` from the Dockerfile, and kept in the cache. No registry is asked: what it is built from is a
 * Debian with Ceph 20.2 to install, made here like the other trees, and the Node that runs this.
 */
export async function operatorImage(): Promise<Image> {
  const repository = 'localhost/lab/ceph-openstack-operator';
  const base = await debianRoot({ name: 'image', suite: 'forky', variant: 'apt', packages: [] });
  const tag = await contentHash(basename(base));
  const folder = await cached(join('images', `operator-${tag}`), (target) =>
    progress("Building the operator's image", async () => {
      forgetOldImages();
      const name = `${repository}:${tag}`;
      const tool = await buildah();
      await makeImage(tool, name, base, target);
      await save(tool, name, target);
    }),
  );
  return { repository, tag, archive: join(folder, archiveName) };
}

/** Each change of the source makes another image. One that was made within the last hours may still be in use. */
function forgetOldImages(): void {
  const folder = cacheFolder('images');
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.startsWith('operator-') && Date.now() - statSync(path).mtimeMs > 6 * 3600_000) removeTree(path);
  }
}

/** Path of an archive of what holds the namespaces of each Pod. */
export async function pauseImage(): Promise<string> {
  const pause = await kubeTool('pause');
  const folder = await cached(join('images', 'pause'), async (target) => {
    const tool = await buildah();
    await tool.script(
      `${fromScratch}; cp "$1" "$root/pause"; buildah config --entrypoint '["/pause"]' "$it"; ${commit}`,
      [pause, pauseName],
    );
    await save(tool, pauseName, target);
  });
  return join(folder, archiveName);
}

const archiveName = 'image.tar';
const fromScratch = 'it=$(buildah from scratch); root=$(buildah mount "$it")';
const commit = 'buildah commit --quiet "$it" "$2"; buildah rm "$it"';

async function save(tool: Buildah, name: string, folder: string): Promise<void> {
  await tool.script('buildah push --quiet "$1" "docker-archive:$2:$1"', [name, join(folder, archiveName)]);
}

async function makeImage(tool: Buildah, name: string, baseTree: string, folder: string): Promise<void> {
  const [base, node] = await baseImages(tool, baseTree);
  const npm = await npmFolders();
  const npmrc = join(folder, 'npmrc');
  await writeFile(npmrc, await npmSettings());
  await using proxy = await startAptProxy({ sites: [await debianMirror()], store: cacheFolder('apt') });
  const flags = [
    '--layers --pull=false',
    // Without CAP_SYS_RESOURCE they cannot be raised, as it would else try.
    '--ulimit=nofile=4096:4096 --ulimit=nproc=4096:4096',
    `--secret=id=npmrc,src=${npmrc}`,
    `--volume=${npm.cache}:${npmCache}`,
  ];
  const variables = { IMAGE: name, BASE: base, NODE: node, BUILDER: tool.command, BUILD_FLAGS: flags.join(' ') };
  const words = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
  await run('make', ['image', ...words], { cwd: projectRoot, env: { http_proxy: proxy.url } });
}

/** Names of the images to build from. */
async function baseImages(tool: Buildah, tree: string): Promise<[base: string, node: string]> {
  const base = `localhost/lab/base:${basename(tree)}`;
  const node = `localhost/lab/node:${basename(tree)}-${process.version}`;
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const npm = await npmFolders();
  await tool.script(
    `buildah inspect --type image "$2" >/dev/null 2>&1 && exit
    ${fromScratch}; cp -a "$1/." "$root/"; buildah config --env PATH=${path} "$it"; ${commit}`,
    [tree, base],
  );
  await tool.script(
    `buildah inspect --type image "$2" >/dev/null 2>&1 && exit
    it=$(buildah from --pull=false "$1"); root=$(buildah mount "$it")
    install -D "$3" "$root/usr/local/bin/node"
    mkdir -p "$root/usr/local/lib/node_modules"; cp -aT "$4" "$root/usr/local/lib/node_modules/npm"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
    mkdir -p "$root${dirname(authorities)}"; cat >"$root${authorities}"
    ${commit}`,
    [base, node, process.execPath, npm.program],
    existsSync(authorities) ? { input: await readFile(authorities) } : {},
  );
  return [base, node];
}

const npmCache = '/var/cache/npm';
const authorities = '/etc/ssl/certs/ca-certificates.crt';

/** What npm fetched for this machine it need not fetch again; and it trusts whom this machine trusts. */
async function npmSettings(): Promise<string> {
  const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
  const lines = [`registry=${registry}`, `cache=${npmCache}`, 'prefer-offline=true', 'proxy=false'];
  if (existsSync(authorities)) lines.push(`cafile=${authorities}`);
  return `${lines.join('\n')}\n`;
}

/** Of all that goes into the image. */
async function contentHash(base: string): Promise<string> {
  const hash = createHash('sha256').update(base).update(process.version);
  const own = ['Dockerfile', '.dockerignore', '.npmrc', 'LICENSE', 'package.json', 'package-lock.json'];
  const source = globSync('src/**/*.*', { cwd: projectRoot }).filter(
    (file) => !/\.(test|fixture)\.ts$|testdata/.test(file),
  );
  for (const file of [...own, ...source.sort()]) hash.update(file).update(await readFile(join(projectRoot, file)));
  return hash.digest('hex').slice(0, 12);
}
