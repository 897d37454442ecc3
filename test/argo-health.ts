import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../lab/process.ts';
import { needCommand } from '../lab/roots.ts';

export const customizations = fileURLToPath(
  new URL('../deploy/argocd/resource_customizations/cephopenstack.io/_/', import.meta.url),
);

export interface ArgoHealth {
  readonly status: string;
  readonly message: string;
}

/** What Argo CD shows of an object: that it is going, or else what our script says in Lua 5.1 with the few functions that Argo CD gives it. */
export async function argoHealth(object: unknown): Promise<ArgoHealth> {
  const { metadata } = object as { metadata: { deletionTimestamp?: string } };
  if (metadata.deletionTimestamp !== undefined) return { status: 'Progressing', message: 'Pending deletion' };
  await needCommand('lua5.1', 'lua5.1');
  const script = await readFile(`${customizations}health.lua`, 'utf8');
  const answer = await run('lua5.1', ['-'], { input: program(script, object), timeoutMs: 10_000 });
  const [status = '', ...message] = answer.split('\n');
  return { status, message: message.join('\n') };
}

/** Argo CD opens the base and table libraries only, no others. */
function program(script: string, object: unknown): string {
  return `
    local given = { obj = ${luaValue(object)}, table = table }
    for name, value in pairs(_G) do
      if type(value) == 'function' then given[name] = value end
    end
    local health = setfenv(assert(loadstring(${luaText(script)}, 'health.lua')), given)()
    io.write(health.status, '\\n', health.message)`;
}

function luaValue(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'string') return luaText(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `{${value.map(luaValue).join(',')}}`;
  return `{${Object.entries(value)
    .map(([name, one]) => `[${luaText(name)}]=${luaValue(one)}`)
    .join(',')}}`;
}

function luaText(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}
