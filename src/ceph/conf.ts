import { Secret } from '../secret.ts';

/** A ceph.conf by section and option; options in the one spelling with underscores. Later ones win, as in Ceph. */
export type CephConf = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A text that is no ceph.conf or keyring. The message never repeats the text, which may hold a key. */
export class ConfError extends Error {
  override readonly name = 'ConfError';
}

/**
 * Reads ceph.conf and keyrings, which share one grammar (src/common/ConfUtils.cc): sections, `option = value`,
 * blanks or dashes in names, comments after `#` or `;`, quotes, a backslash that joins lines.
 */
export function parseCephConf(text: string): CephConf {
  const conf = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\\\n', '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line)) continue;
    const header = /^\[\s*([^\]]*?)\s*\]\s*([#;].*)?$/.exec(line);
    if (header) {
      const name = header[1] ?? '';
      section = conf.get(name) ?? new Map();
      conf.set(name, section);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 1 || section === undefined) {
      const fault = section === undefined ? 'stands in no section' : 'is neither a section nor "option = value"';
      throw new ConfError(`Line ${index + 1} ${fault}`);
    }
    section.set(optionName(line.slice(0, equals)), parseValue(line.slice(equals + 1).trim(), index + 1));
  }
  return conf;
}

/** `mon host`, `mon-host` and `mon_host` are one option. */
export function optionName(name: string): string {
  return name.trim().replaceAll(/[\s_-]+/g, '_');
}

function parseValue(text: string, line: number): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") {
    const comment = /(?<!\\)[#;]/.exec(text);
    return withoutEscapes(text.slice(0, comment?.index ?? text.length).trim());
  }
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return withoutEscapes(text.slice(1, at));
  }
  throw new ConfError(`Line ${line} has a quote that does not end`);
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\(["'\\#;])/g, '$1');
}

function renderValue(value: string): string {
  const plain = value !== '' && value === value.trim() && !/["'\\#;]/.test(value);
  return plain ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Options that must never be written: the first stops every client since 20.2.4. */
const banned = new Set(['auth_supported', 'key', 'keyfile']);

/**
 * A ceph.conf, options in the given order. Throws ConfError for a name or value that would break out of its line,
 * and for options that must never be written.
 */
export function renderCephConf(conf: CephConf): string {
  const sections: string[] = [];
  for (const [section, options] of conf) {
    if (!/^[A-Za-z0-9_.-]+$/.test(section)) throw new ConfError(`"${section}" is no name of a section`);
    const lines = [...options].map(([name, value]) => {
      if (!/^[A-Za-z0-9_]+$/.test(name)) throw new ConfError(`"${name}" is no name of an option`);
      if (banned.has(name)) throw new ConfError(`The option ${name} must not be written to ceph.conf`);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
      if (/[\x00-\x1f\x7f]/.test(value)) throw new ConfError(`The value of ${name} must be one line`);
      return `${name} = ${renderValue(value)}\n`;
    });
    sections.push(`[${section}]\n${lines.join('')}`);
  }
  return sections.join('\n');
}

/** The least that a client needs beside its keyring. */
export function clientConf(cluster: { readonly fsid: string; readonly monHost: string }): string {
  return renderCephConf(
    new Map([
      [
        'global',
        new Map([
          ['fsid', cluster.fsid],
          ['mon_host', cluster.monHost],
        ]),
      ],
    ]),
  );
}

/** The keys of a keyring, by entity. Throws ConfError. */
export function parseKeyring(keyring: Secret): ReadonlyMap<string, Secret> {
  const keys = new Map<string, Secret>();
  for (const [entity, options] of parseCephConf(keyring.reveal())) {
    const key = options.get('key');
    if (key !== undefined) keys.set(entity, new Secret(key));
  }
  return keys;
}

/** A keyring of one user, without caps: those are the monitors' business. */
export function renderKeyring(entity: string, key: Secret): Secret {
  return new Secret(`[${entity}]\n\tkey = ${key.reveal()}\n`);
}
