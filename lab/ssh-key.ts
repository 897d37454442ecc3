import ssh2 from 'ssh2';

/** A fresh pair of Ed25519 keys in OpenSSH's forms: the private one whole, the public one as a line of authorized_keys. */
export function newSshKey(options: { readonly comment?: string; readonly passphrase?: string } = {}) {
  const { comment, passphrase } = options;
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', {
      ...(comment === undefined ? {} : { comment }),
      ...(passphrase === undefined ? {} : { passphrase, cipher: 'aes256-cbc', rounds: 1 }),
    });
    // ssh2 cuts off zero bytes that a public key begins with: nothing can read that pair, which is one of 256.
    if (ssh2.utils.parseKey(pair.public) instanceof Error) continue;
    return { privateKey: pair.private, publicKey: pair.public };
  }
}
