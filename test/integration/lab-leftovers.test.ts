import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { projectRoot, withLock } from '../../lab/cache.ts';
import { eventually } from '../../lab/eventually.ts';
import { startTimeOf, sweepLeftovers } from '../../lab/leftovers.ts';
import { run } from '../../lab/process.ts';

interface Made {
  readonly folder: string;
  readonly link: string;
  readonly netns: string;
  readonly pid: number;
  /** A child of that process. */
  readonly child: number;
}

/** Makes one thing of each kind, says what, and then waits or dies. */
const owner = (end: string) => `
  const { mkdirSync, writeFileSync } = await import('node:fs');
  const { register } = await import('./lab/leftovers.ts');
  const { run, startProcess } = await import('./lab/process.ts');
  const { runFolder } = await import('./lab/cache.ts');
  const { eventually } = await import('./lab/eventually.ts');

  const folder = runFolder('leftovers');
  register({ kind: 'directory', path: folder });
  const mount = folder + '/mount';
  mkdirSync(mount);
  writeFileSync(folder + '/own', '');
  register({ kind: 'mount', path: mount });
  await run('mount', ['--bind', '/etc', mount]);
  const link = 'lab' + process.pid;
  register({ kind: 'link', name: link });
  await run('ip', ['link', 'add', link, 'type', 'bridge']);
  const netns = 'lab' + process.pid;
  register({ kind: 'netns', name: netns });
  await run('ip', ['netns', 'add', netns]);
  // A process that ignores SIGTERM, and has a child.
  const stubborn = "trap '' TERM; sleep 1000 & echo $!; wait; wait";
  const { pid } = startProcess('sh', ['-c', stubborn], { logFile: folder + '/log', graceMs: 200 });
  const { readFileSync } = await import('node:fs');
  const child = await eventually(() => {
    const printed = Number(readFileSync(folder + '/log', 'utf8'));
    if (printed === 0) throw new Error('not yet');
    return printed;
  });
  console.log(JSON.stringify({ folder, link, netns, pid, child }));
  setInterval(() => {}, 1000);
  ${end}`;

async function startOwner(end = '') {
  const process_ = spawn(process.execPath, ['--input-type=module', '--eval', owner(end)], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(process_, 'exit');
  const [line] = await once(createInterface(process_.stdout), 'line');
  return { process: process_, made: JSON.parse(line) as Made, exited };
}

async function assertGone({ folder, link, netns, pid, child }: Made): Promise<void> {
  assert.equal(startTimeOf(pid), undefined, 'the process is gone');
  assert.equal(startTimeOf(child), undefined, 'so is its child');
  assert.equal((await readFile('/proc/self/mountinfo', 'utf8')).includes(folder), false, 'nothing is mounted');
  assert.equal(existsSync(folder), false, 'the folder is deleted');
  await assert.rejects(run('ip', ['link', 'show', link]), /does not exist/);
  assert.equal((await run('ip', ['netns', 'list'])).includes(netns), false);
  assert.equal(existsSync('/etc/passwd'), true, 'what was mounted is untouched');
}

for (const [how, end] of [
  ['ends by itself', 'process.exit(0);'],
  ['throws', 'throw new Error("lost");'],
] as const) {
  test(`register() has things taken away, when their owner ${how}`, async () => {
    const { made, exited } = await startOwner(end);
    await exited;
    await assertGone(made);
  });
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`register() has things taken away, when their owner gets ${signal}`, async () => {
    const { process: owner, made, exited } = await startOwner();
    owner.kill(signal);
    assert.deepEqual(await exited, [code, null]);
    await assertGone(made);
  });
}

test('sweepLeftovers() takes away what a dead owner left, and nothing of a living one', async () => {
  const [dead, living] = await Promise.all([startOwner(), startOwner()]);
  dead.process.kill('SIGKILL');
  await dead.exited;
  assert.equal(existsSync(dead.made.folder), true);

  sweepLeftovers();

  await assertGone(dead.made);
  assert.equal(existsSync(living.made.folder), true);
  assert.notEqual(startTimeOf(living.made.pid), undefined);
  living.process.kill('SIGTERM');
  await living.exited;
});

test('withLock() lets one at a time in, also among processes', async () => {
  const script = `
    const { withLock } = await import('./lab/cache.ts');
    await withLock('lab-leftovers-test', async () => console.log('held'));`;
  let held = false;
  const other = await withLock('lab-leftovers-test', async () => {
    const process_ = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process_.stdout.on('data', () => {
      held = true;
    });
    const closed = once(process_, 'close');
    await eventually(async () => assert.equal((await lockers()).length, 2), { what: 'both want the lock' });
    assert.equal(held, false);
    return { closed };
  });
  await other.closed;
  assert.equal(held, true);
});

async function lockers(): Promise<string[]> {
  const processes = await run('ps', ['-eo', 'args']);
  return processes.split('\n').filter((args) => /^flock .*lab-leftovers-test\.lock/.test(args));
}
