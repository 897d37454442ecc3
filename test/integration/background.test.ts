import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../lab/cache.ts';
import { eventually } from '../../lab/eventually.ts';
import { run } from '../../lab/process.ts';

/** Whether the process runs; one that nobody has waited for yet does not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('what runs in the background ends with who started it, and all that it started, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'background-'));
  try {
    const file = join(folder, 'pids');
    const command = ['sh', '-c', `sleep 600 & echo $$ $! > ${file}.new; mv ${file}.new ${file}; wait`];
    const script = `
      import { existsSync } from 'node:fs';
      import { startInBackground } from ${JSON.stringify(join(projectRoot, 'test', 'background.ts'))};
      startInBackground(${JSON.stringify(command)});
      while (!existsSync(${JSON.stringify(file)})) await new Promise((resolve) => setTimeout(resolve, 10));
    `;
    await run(process.execPath, ['--input-type=module', '-e', script]);
    const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number);
    assert.equal(pids.length, 2);
    await eventually(() => assert.deepEqual(pids.filter(runs), []));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what cannot be run in the background is no failure of who wanted it', async () => {
  const script = `
    import { startInBackground } from ${JSON.stringify(join(projectRoot, 'test', 'background.ts'))};
    process.env.PATH = '/nonexistent';
    startInBackground(['true']);
    setTimeout(() => console.log('went on'), 50);
  `;
  assert.equal((await run(process.execPath, ['--input-type=module', '-e', script])).trim(), 'went on');
});
