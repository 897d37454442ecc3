import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { type HostFacts, lookAtNothing, type UnitFacts } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { RestartDebt } from '../../src/hosts/manifest.ts';
import { type RestartVerdict, restartVerdict } from '../../src/hosts/restart.ts';
import type { StepResult } from '../../src/hosts/steps.ts';
import { type LocalShell, localShell, rootOnlyFolder } from './local-shell.ts';

const never = new AbortController().signal;
const name = 'openstack-nova-compute';

/** A machine without systemd: its /etc/init, /etc/init.d, /etc/rcN.d and /var/run lie in a folder. */
function machine(command: readonly [string, ...string[]]) {
  const folder = rootOnlyFolder();
  const at = (...parts: readonly string[]) => join(folder.path, ...parts);
  for (const directory of ['init', 'init.d', 'rc3.d', 'run/nova', 'tools', 'bin']) {
    mkdirSync(at(directory), { recursive: true });
  }
  const shell = localShell(command, folder.path, {
    tools: at('tools'),
    edit: (script) =>
      script
        .replaceAll('/etc/init', at('init'))
        .replaceAll('/etc/rc[', at('rc['))
        .replaceAll('/var/run', at('run'))
        .replaceAll('/run/systemd/system', at('no-systemd'))
        .replace('sleep 5', 'sleep 1.5'),
  });
  const write = (path: string, text: string) => {
    writeFileSync(at(path), text);
    chmodSync(at(path), 0o755);
  };
  // The daemon: a program of that name, which a test may keep from staying up.
  write('bin/nova-compute', `#!/bin/sh\n[ ! -e ${at('broken')} ] || exit 1\nwhile :; do sleep 0.1; done\n`);
  const end = () => {
    const daemon = existsSync(at('pid')) ? Number(readFileSync(at('pid'), 'utf8')) : 0;
    if (daemon > 0 && existsSync(`/proc/${daemon}`)) process.kill(daemon, 'SIGKILL');
    folder[Symbol.dispose]();
  };
  return { shell, at, write, [Symbol.dispose]: end };
}
type Machine = ReturnType<typeof machine>;

/** A shell function; a process that has ended and waits for its parent is not alive. */
const isAlive = 'alive() { grep -q -s "^State:.[RSD]" "/proc/$1/status"; }';

/** An init script as the distributions write them; `tells` is what `status` says of a process that runs. */
function initScript({ at }: Machine, tells: string, pidFile: string): string {
  return `#!/bin/sh
pid() { cat ${at('pid')} 2>/dev/null; }
${isAlive}
runs() { alive "$(pid)"; }
case $1 in
  start) setsid ${at('bin/nova-compute')} >/dev/null 2>&1 & echo $! >${at('pid')}; [ -z "${pidFile}" ] || echo $! >"${pidFile}" ;;
  stop) runs && kill "$(pid)"; rm -f ${at('pid')} "${pidFile}" ;;
  restart) "$0" stop; "$0" start ;;
  status) if runs; then echo "${tells}"; elif [ -e ${at('pid')} ]; then exit 1; else echo stopped; exit 3; fi ;;
esac
`;
}

async function look(shell: LocalShell): Promise<{ facts: HostFacts; unit: UnitFacts }> {
  const facts = await observeHost(shell, { ...lookAtNothing, units: [name] }, never);
  const unit = facts.units[name];
  assert.ok(unit);
  return { facts, unit };
}

async function restart(shell: LocalShell): Promise<StepResult> {
  const results: StepResult[] = [];
  await applySteps(shell, [{ verb: 'restart-unit', unit: name }], (_, result) => results.push(result), never);
  return results[0] ?? assert.fail('no result');
}

async function debtNow(shell: LocalShell): Promise<RestartDebt> {
  const { facts, unit } = await look(shell);
  return {
    digest: 'd',
    since: facts.clock,
    before: { invocation: unit.invocation, failing: unit.active === 'failed' },
  };
}

async function verdict(shell: LocalShell, debt: RestartDebt): Promise<RestartVerdict> {
  const { facts, unit } = await look(shell);
  return restartVerdict(unit, debt, facts.clock, { settleMs: 200 });
}

const daemons: ChildProcess[] = [];
after(() => {
  for (const daemon of daemons) daemon.kill('SIGKILL');
});

const shells: readonly (readonly [string, readonly [string, ...string[]]])[] = [
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
];

for (const [shellName, command] of shells) {
  describe(`in ${shellName}, a SysV script`, () => {
    for (const [how, tells, pidFile] of [
      ['its pid file', 'nova-compute is running.', 'run/nova/nova-compute.pid'],
      ['what it says', '$(basename $0) (pid  $(pid)) is running...', ''],
      ['the process table', 'nova-compute is running.', ''],
    ] as const) {
      if (shellName !== 'dash' && pidFile === '') continue;
      test(`is restarted and followed, when its process is known by ${how}`, async () => {
        using host = machine(command);
        host.write(`init.d/${name}`, initScript(host, tells, pidFile === '' ? '' : host.at(pidFile)));
        symlinkSync(host.at('init.d', name), host.at('rc3.d', `S98${name}`));
        const run = (action: string) => once(spawn(host.at('init.d', name), [action], { stdio: 'ignore' }), 'exit');
        await run('start');
        const { unit, facts } = await look(host.shell);
        const pid = Number(readFileSync(host.at('pid'), 'utf8'));
        assert.deepEqual(
          [unit.load, unit.active, unit.sub, unit.unitFile, unit.mainPID, unit.jobPending],
          ['loaded', 'active', 'script', 'enabled', pid, false],
        );
        assert.ok(unit.startTicks !== undefined && unit.startTicks <= facts.clock.ticks);

        const debt = await debtNow(host.shell);
        assert.equal(await verdict(host.shell, debt), 'Due');
        assert.deepEqual(await restart(host.shell), { outcome: 'done' });
        assert.deepEqual((await restart(host.shell)).outcome, 'already');
        assert.equal(await verdict(host.shell, debt), 'Following');
        await eventually(async () => assert.equal(await verdict(host.shell, debt), 'Paid'));
        assert.notEqual(Number(readFileSync(host.at('pid'), 'utf8')), pid);

        writeFileSync(host.at('broken'), '');
        const second = await debtNow(host.shell);
        assert.equal((await restart(host.shell)).outcome, 'done');
        await eventually(async () => assert.equal(await verdict(host.shell, second), 'Failed'));
        const third = await debtNow(host.shell);
        assert.deepEqual([await verdict(host.shell, third), third.before.failing], ['Due', true]);

        await run('stop');
        assert.equal((await look(host.shell)).unit.active, 'failed');
        // A restart that worked is forgotten as a failure: what is stopped after it was stopped by somebody.
        rmSync(host.at('broken'));
        assert.equal((await restart(host.shell)).outcome, 'done');
        await eventually(async () => assert.equal(await verdict(host.shell, third), 'Paid'));
        await run('stop');
        assert.equal(await verdict(host.shell, await debtNow(host.shell)), 'Stopped');
        assert.deepEqual(await restart(host.shell), { outcome: 'skipped', detail: 'it is stopped' });
        assert.equal(existsSync(host.at('pid')), false);
      });
    }

    test('is told apart when it is absent, put out of use, not enabled, or of a cluster manager', async () => {
      using host = machine(command);
      assert.equal((await look(host.shell)).unit.load, 'not-found');
      host.write(`init.d/${name}`, '#!/bin/sh\necho "Usage: $0 {start|stop|restart}"; exit 2\n');
      assert.deepEqual((await look(host.shell)).unit.active, 'inactive');
      assert.equal((await look(host.shell)).unit.unitFile, 'disabled');
      host.write(
        'tools/cibadmin',
        `#!/bin/sh\necho '<primitive class="ocf" id="a" type="x"/>'\necho '<primitive class="lsb" id="nova" type="${name}"/>'\n`,
      );
      assert.equal((await look(host.shell)).unit.clusterManaged, true);
      chmodSync(host.at('init.d', name), 0o644);
      assert.equal((await look(host.shell)).unit.load, 'masked');
      assert.deepEqual(await restart(host.shell), { outcome: 'skipped', detail: 'it is stopped' });
    });
  });

  describe(`in ${shellName}, a job of Upstart`, () => {
    for (const [said, active, hasProcess] of [
      ['start/running, process PID', 'active', true],
      ['start/starting', 'activating', false],
      ['start/spawned, process PID', 'activating', true],
      ['stop/killed, process PID', 'deactivating', true],
      ['stop/waiting', 'inactive', false],
    ] as const) {
      test(`is ${active}, when Upstart says ${said}`, async () => {
        using host = machine(command);
        const daemon = spawn('sleep', ['60']);
        daemons.push(daemon);
        host.write(`init/${name}.conf`, '');
        host.write('tools/initctl', `#!/bin/sh\necho "$2 ${said.replace('PID', String(daemon.pid))}"\n`);
        const { unit } = await look(host.shell);
        assert.deepEqual([unit.load, unit.active, unit.sub, unit.unitFile], ['loaded', active, 'upstart', 'enabled']);
        assert.deepEqual([unit.mainPID, unit.startTicks !== undefined], [hasProcess ? daemon.pid : 0, hasProcess]);
        writeFileSync(host.at('init', `${name}.override`), 'manual\n');
        assert.equal((await look(host.shell)).unit.unitFile, 'disabled');
      });
    }

    test('is restarted and followed, and started anew when it gave up', async () => {
      using host = machine(command);
      host.write(`init/${name}.conf`, '');
      const daemon = host.at('bin/nova-compute');
      host.write(
        'tools/initctl',
        `#!/bin/sh
echo "$*" >>${host.at('calls')}
${isAlive}
runs() { alive "$(cat ${host.at('pid')} 2>/dev/null)"; }
case $1 in
  status) if runs; then echo "$2 start/running, process $(cat ${host.at('pid')})"; else echo "$2 stop/waiting"; fi ;;
  restart) runs || exit 1; kill "$(cat ${host.at('pid')})"; setsid ${daemon} >/dev/null 2>&1 & echo $! >${host.at('pid')} ;;
  start) setsid ${daemon} >/dev/null 2>&1 & echo $! >${host.at('pid')} ;;
  stop) kill "$(cat ${host.at('pid')})" ;;
esac
`,
      );
      const run = (action: string) =>
        once(spawn(host.at('tools/initctl'), [action, name], { stdio: 'ignore' }), 'exit');
      await run('start');
      const debt = await debtNow(host.shell);
      assert.equal((await restart(host.shell)).outcome, 'done');
      await eventually(async () => assert.equal(await verdict(host.shell, debt), 'Paid'));

      writeFileSync(host.at('broken'), '');
      const second = await debtNow(host.shell);
      await restart(host.shell);
      await eventually(async () => assert.equal(await verdict(host.shell, second), 'Failed'));
      rmSync(host.at('broken'));
      await restart(host.shell);
      await eventually(async () => assert.equal(await verdict(host.shell, second), 'Paid'));
      assert.match(readFileSync(host.at('calls'), 'utf8'), new RegExp(`restart ${name}\n(.*\n)*start ${name}\n`));
      await run('stop');
      assert.deepEqual(await restart(host.shell), { outcome: 'skipped', detail: 'it is stopped' });
    });
  });
}
