import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { startInBackground } from './background.ts';

/**
 * Runs the tests and ends with one line `N passed, N failed`.
 *
 *   node test/run.ts                      everything: unit, integration, e2e, install, openstack
 *   node test/run.ts unit                 one tier
 *   node test/run.ts test/e2e/drift       the files whose path begins so
 */
const tiers: Readonly<Record<string, { pattern: string; concurrency: number }>> = {
  unit: { pattern: 'src/**/*.test.ts', concurrency: 2 },
  integration: { pattern: 'test/integration/**/*.test.ts', concurrency: 2 },
  e2e: { pattern: 'test/e2e/**/*.test.ts', concurrency: 2 },
  install: { pattern: 'test/install/**/*.test.ts', concurrency: 1 },
  openstack: { pattern: 'test/openstack/**/*.test.ts', concurrency: 1 },
};

/** A file may have to build the layers of its hosts first, on a machine where others build theirs. */
const fileTimeoutMs = 30 * 60_000;

const wanted = process.argv.slice(2);
let passed = 0;
let failed = 0;
const failures: string[] = [];

// Below everything else: it has what others leave of the processors, and is done before the tier that wants the last of it.
if (wanted.length === 0) startInBackground([process.execPath, 'lab/ahead.ts']);

for (const [tier, { pattern, concurrency }] of Object.entries(tiers)) {
  const files = globSync(pattern)
    .sort()
    .filter((file) => wanted.length === 0 || wanted.includes(tier) || wanted.some((prefix) => file.startsWith(prefix)));
  if (files.length === 0) continue;
  console.log(`\n── ${tier}: ${files.length} files`);
  await runFiles(files, concurrency);
}

for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Only leaves are counted: a suite and a file are as good as the tests within. A file that dies counts as one failure. */
async function runFiles(files: string[], concurrency: number): Promise<void> {
  const stream = run({ files, concurrency, timeout: fileTimeoutMs });
  stream.on('test:pass', (test) => {
    if (isLeaf(test)) passed += 1;
  });
  stream.on('test:fail', (test) => {
    if (isCausedBySubtests(test.details.error)) return;
    failed += 1;
    failures.push(`${test.file ?? ''}: ${test.name}`);
  });
  const report = stream.compose(new spec());
  for await (const chunk of report) process.stdout.write(String(chunk));
}

function isLeaf(test: { details: { type?: string | undefined }; file?: string; name: string }): boolean {
  return test.details.type !== 'suite' && test.name !== test.file;
}

function isCausedBySubtests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}
