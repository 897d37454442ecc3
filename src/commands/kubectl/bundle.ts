import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Makes the kubectl plugin one file for Node 22.19 or later: dist/kubectl-cephopenstack, or the path that is given.
 *
 *   node src/commands/kubectl/bundle.ts [FILE]
 */
const root = join(import.meta.dirname, '..', '..', '..');
const outfile = process.argv[2] ?? join(root, 'dist', 'kubectl-cephopenstack');

await build({
  entryPoints: [join(root, 'src', 'kubectl.ts')],
  outfile,
  bundle: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node22',
  // Without a suffix, Node takes the file for CommonJS or a module as the package.json above it says: it must be both.
  format: 'iife',
  banner: {
    js: `#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 22) {
  console.error('kubectl cephopenstack needs Node 22.19 or later; this is ' + process.version + '.');
  process.exit(1);
}
var require = process.getBuiltinModule('node:module').createRequire(process.execPath);`,
  },
  define: {
    OPERATIONS: JSON.stringify(readFileSync(join(root, 'docs', 'operations.md'), 'utf8')),
    'import.meta.dirname': '""',
  },
  logLevel: 'warning',
});
chmodSync(outfile, 0o755);
