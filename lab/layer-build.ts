import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAptProxy } from './apt-proxy.ts';
import { cacheFolder } from './cache.ts';
import { register } from './leftovers.ts';
import { bootMachine } from './machine.ts';
import { cloudName } from './openstack-layer.ts';
import { run } from './process.ts';
import { debianMirror, needCommand, overlay } from './roots.ts';

/** What a layer adds to the trees that it lies on. */
export interface LayerContent {
  /** Debian packages, installed without the recommended ones. */
  readonly packages: readonly string[];
  /** A shell script run inside when the packages are there, with nothing running. */
  readonly script: string;
  /** A shell script run on the machine when it was booted, last of all. It stops what it needs stopped. */
  readonly setup?: string;
}

/** Fills `folder/upper` with what a layer adds to the trees `below`, the topmost first. */
export async function buildLayer(content: LayerContent, below: readonly string[], folder: string): Promise<void> {
  await using proxy = await startAptProxy({ sites: [await debianMirror()], store: cacheFolder('apt') });
  {
    using layer = await overlay(below, folder);
    const env = { http_proxy: proxy.url, PACKAGES: content.packages.join(' '), SCRIPT: content.script };
    await run('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', installation, layer.root], {
      env,
    });
    if (content.setup !== undefined) await setUp(layer.root, content.setup, folder);
  }
  for (const scratch of ['work', 'root']) await rm(join(folder, scratch), { recursive: true, force: true });
}

// ceph-common and python3-rbd are only fetched: the operator's own installation then takes them from the proxy's store.
export const installation = `
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
printf '#!/bin/sh\\nexit 101\\n' >"$0/usr/sbin/policy-rc.d"
chmod 0755 "$0/usr/sbin/policy-rc.d"
chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \\
  http_proxy="$http_proxy" PACKAGES="$PACKAGES" SCRIPT="$SCRIPT" sh -euc '
    [ -n "$(ls /var/lib/apt/lists/*_Packages 2>/dev/null)" ] || apt-get update -qq
    install() { apt-get install -qq -y --no-install-recommends "$@" >/tmp/build.log 2>&1 || { tail -n 30 /tmp/build.log >&2; return 1; }; }
    if [ -n "$PACKAGES" ]; then install $PACKAGES; fi
    install --download-only ceph-common python3-rbd
    apt-get clean
    eval "$SCRIPT"
    rm -rf /tmp/build.log /etc/machine-id'
rm "$0/usr/sbin/policy-rc.d"`;

async function setUp(root: string, script: string, folder: string): Promise<void> {
  await needCommand('systemd-nspawn', 'systemd-container');
  await writeFile(join(root, 'etc/hostname'), `${cloudName}\n`);
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost ${cloudName}\n`);
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  const namespace = `coslab-build-${randomBytes(3).toString('hex')}`;
  const registration = register({ kind: 'netns', name: namespace });
  try {
    await run('ip', ['netns', 'add', namespace]);
    await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
    const consoleLog = join(folder, 'console.log');
    const machine = await bootMachine({ name: cloudName, root, namespace, consoleLog });
    try {
      // It ends with 1 when some unit failed, which is none of ours to judge: sshd has no keys yet.
      await machine.run(
        'until [ -S /run/systemd/private ]; do sleep 0.1; done; systemctl is-system-running --wait || true',
      );
      await machine.run(script);
    } finally {
      await machine.kill();
    }
    await rm(consoleLog);
    await rm(join(root, 'etc/machine-id'));
  } finally {
    registration.release();
  }
}
