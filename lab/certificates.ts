import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './process.ts';
import { needCommand } from './roots.ts';

/** Paths of a certificate and its private key, both PEM. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes a certificate authority in `folder`. */
export async function makeAuthority(folder: string, name: string): Promise<Certificate> {
  await needCommand('openssl', 'openssl');
  return makeCertificate(folder, 'ca', `/CN=${name}`, {
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'],
  });
}

/** Makes a certificate that `authority` signs: for a server when it has `names` (`IP:127.0.0.1`, `DNS:localhost`), else for a client. */
export async function makeSigned(
  folder: string,
  fileName: string,
  subject: string,
  authority: Certificate,
  names: readonly string[] = [],
): Promise<Certificate> {
  const extensions =
    names.length === 0
      ? ['extendedKeyUsage=clientAuth']
      : ['extendedKeyUsage=serverAuth', `subjectAltName=${names.join(',')}`];
  return makeCertificate(folder, fileName, subject, {
    authority,
    extensions: ['basicConstraints=CA:FALSE', ...extensions],
  });
}

/** Makes the pair of keys that service account tokens are signed and checked with. */
export async function makeSigningKey(folder: string): Promise<{ privateFile: string; publicFile: string }> {
  const privateFile = join(folder, 'service-account.key');
  const publicFile = join(folder, 'service-account.pub');
  await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', privateFile]);
  await run('openssl', ['ec', '-in', privateFile, '-pubout', '-out', publicFile]);
  return { privateFile, publicFile };
}

export interface Login {
  readonly server: string;
  readonly authorityFile: string;
  /** A bearer token, or a client's certificate. */
  readonly as: { readonly token: string } | Certificate;
  readonly namespace?: string;
}

/** Writes a kubeconfig, readable by its owner only, with all certificates within. */
export async function writeKubeconfig(file: string, login: Login): Promise<string> {
  const inline = async (path: string) => (await readFile(path)).toString('base64');
  const user =
    'token' in login.as
      ? { token: login.as.token }
      : {
          'client-certificate-data': await inline(login.as.certFile),
          'client-key-data': await inline(login.as.keyFile),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'lab',
        cluster: { server: login.server, 'certificate-authority-data': await inline(login.authorityFile) },
      },
    ],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab', namespace: login.namespace ?? 'default' } }],
    'current-context': 'lab',
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  return file;
}

async function makeCertificate(
  folder: string,
  fileName: string,
  subject: string,
  options: { authority?: Certificate; extensions: readonly string[] },
): Promise<Certificate> {
  const certFile = join(folder, `${fileName}.crt`);
  const keyFile = join(folder, `${fileName}.key`);
  const { authority, extensions } = options;
  await run('openssl', [
    'req',
    '-x509',
    '-days',
    '30',
    '-subj',
    subject,
    ...curve,
    '-keyout',
    keyFile,
    '-out',
    certFile,
    ...(authority === undefined ? [] : ['-CA', authority.certFile, '-CAkey', authority.keyFile]),
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
  return { certFile, keyFile };
}
