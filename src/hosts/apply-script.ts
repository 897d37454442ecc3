import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { manifestPath } from './manifest.ts';
import { renderManifest } from './manifest-text.ts';
import { assign, checked, payloadFunction, scriptText } from './script-text.ts';
import type { HostStep } from './steps.ts';

/** How long a transaction waits for another one on the same host. */
const lockTries = 20;

/** A call of a function of apply.sh, and what its `payload_N` prints. */
interface Call {
  readonly words: readonly string[];
  readonly payload?: string;
}

/** The script of one transaction, for `/bin/sh -s`. */
export function renderApplyScript(steps: readonly HostStep[], nonce: string): string {
  const calls = steps.map((step) => renderStep(step));
  return [
    assign('nonce', [nonce]),
    assign('state', [dirname(manifestPath)]),
    assign('lock_tries', [String(lockTries)]),
    scriptText('common.sh'),
    scriptText('services.sh'),
    scriptText('apply.sh'),
    scriptText('apply-files.sh'),
    scriptText('apply-packages.sh'),
    scriptText('apply-services.sh'),
    ...calls.flatMap(({ payload }, index) =>
      payload === undefined ? [] : [payloadFunction(`payload_${index}`, payload)],
    ),
    'steps() {\n  :\n',
    ...calls.map(({ words }) => `  step ${words.join(' ')}\n`),
    '}\napply </dev/null\n',
  ].join('');
}

function renderStep(step: HostStep): Call {
  switch (step.verb) {
    case 'install-packages':
      return { words: ['install_packages', ...step.packages.map((name) => checked('package', name))] };
    case 'write-file': {
      const content = step.content.reveal();
      const words = ['write_file', ...permissions(step), checked('content', step.expected), sha256(content)];
      return { words, payload: content };
    }
    case 'set-permissions':
      return { words: ['set_permissions', ...permissions(step)] };
    case 'make-directory':
      return { words: ['make_directory', ...permissions(step)] };
    case 'remove-file':
      return { words: ['remove_file', checked('path', step.path), checked('content', step.expected)] };
    case 'remove-directory':
      return { words: ['remove_directory', checked('path', step.path)] };
    case 'define-libvirt-secret': {
      const usage = checked('usage', step.usageName);
      const uuid = checked('uuid', step.uuid);
      return { words: ['define_libvirt_secret', uuid, `'${usage}'`], payload: renderSecretXML(uuid, usage) };
    }
    case 'set-libvirt-secret-value': {
      const value = step.value.reveal();
      return { words: ['set_libvirt_secret_value', checked('uuid', step.uuid), sha256(value)], payload: value };
    }
    case 'undefine-libvirt-secret':
      return {
        words: ['undefine_libvirt_secret', checked('uuid', step.uuid), `'${checked('usage', step.usageName)}'`],
      };
    case 'write-manifest': {
      const text = renderManifest(step.manifest).reveal();
      return {
        words: ['write_manifest', manifestPath, checked('content', step.expected), sha256(text)],
        payload: text,
      };
    }
    case 'remove-manifest':
      return { words: ['remove_manifest', manifestPath, checked('content', step.expected)] };
    case 'reload-units':
      return { words: ['reload_units'] };
    case 'restart-unit':
      return { words: ['restart_unit', checked('unit', step.unit)] };
  }
}

function permissions(step: { path: string; owner: string; group: string; mode: string }): readonly string[] {
  return [
    checked('path', step.path),
    checked('user', step.owner),
    checked('user', step.group),
    checked('mode', step.mode),
  ];
}

function renderSecretXML(uuid: string, usage: string): string {
  return `<secret ephemeral='no' private='no'>
  <uuid>${uuid}</uuid>
  <usage type='ceph'>
    <name>${usage}</name>
  </usage>
</secret>
`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
