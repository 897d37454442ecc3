import { readFileSync } from 'node:fs';
import { Invalid } from '../errors.ts';

type ScriptName =
  | 'access.py'
  | 'apply.sh'
  | 'apply-files.sh'
  | 'apply-packages.sh'
  | 'apply-services.sh'
  | 'common.sh'
  | 'observe.sh'
  | 'services.sh';

const texts = new Map<string, string>();

/** A file of `scripts/`, read once. */
export function scriptText(name: ScriptName): string {
  const known = texts.get(name);
  if (known !== undefined) {
    return known;
  }
  const text = readFileSync(new URL(`./scripts/${name}`, import.meta.url), 'utf8');
  texts.set(name, text);
  return text;
}

const checks = {
  path: /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._@+-]{1,255}){1,32}$/,
  package: /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,127}$/,
  unit: /^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,199}$/,
  user: /^[a-z_][a-z0-9_-]{0,31}$/,
  name: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/,
  mode: /^[0-7]{4}$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  usage: /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}$/,
  content: /^(?:absent|[0-9a-f]{64})$/,
  entity: /^client\.[A-Za-z0-9._-]{1,128}$/,
  pool: /^[A-Za-z0-9_.-]{1,128}$/,
} as const;

/**
 * Data that may stand between single quotes in a script, and in a list of words: each kind has a pattern that leaves out
 * quotes, blanks, line ends and everything else that a shell could take for more than a word.
 *
 * @throws {Invalid} `InvalidSpec`
 */
export function checked(kind: keyof typeof checks, value: string): string {
  if (!checks[kind].test(value)) {
    throw new Invalid('InvalidSpec', `${JSON.stringify(value.slice(0, 64))} cannot be used as the ${kind} of a host.`);
  }
  return value;
}

/** `name='word word'`. The values have been checked. */
export function assign(name: string, words: readonly string[]): string {
  return `${name}='${words.join(' ')}'\n`;
}

/** A shell function that prints `content`; base64 on the script's own stdin, so no argument ever holds it. */
export function payloadFunction(name: string, content: string): string {
  const base64 = Buffer.from(content, 'utf8')
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n');
  return `${name}() {\n  base64 -d <<'END'\n${base64}END\n}\n`;
}
