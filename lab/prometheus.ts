import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { cached, runFolder, withLock } from './cache.ts';
import { eventually } from './eventually.ts';
import { register } from './leftovers.ts';
import { freePorts } from './ports.ts';
import { run, startProcess } from './process.ts';
import { progress } from './progress.ts';

/** One series of an answer, at one time or over a range. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [seconds: number, value: string];
  readonly values?: readonly (readonly [seconds: number, value: string])[];
}

export interface FiringAlert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A Prometheus that scrapes and judges every second. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** What an expression comes to now. */
  query(expr: string): Promise<readonly Series[]>;
  /** What it came to from `from` until `to`, in seconds since 1970. */
  queryRange(expr: string, range: { from: number; to: number; stepSeconds: number }): Promise<readonly Series[]>;
  alerts(): Promise<readonly FiringAlert[]>;
}

export interface PrometheusOptions {
  /** `host:port` of each replica; the metrics are at /metrics. */
  readonly targets: readonly string[];
  /** Text of a file of rules. */
  readonly rules: string;
}

/** The name of the job under which the operator is scraped. */
export const job = 'ceph-openstack-operator';

/** Path of a program of Debian's package: taken out of it, for installed it would start a service of its own. */
export async function prometheusTool(name: 'prometheus' | 'promtool'): Promise<string> {
  const folder = await cached('prometheus', (target) =>
    progress('Fetching Prometheus', () =>
      withLock('apt-install', async () => {
        await run('apt-get', ['update', '-qq']);
        const options = ['-o', 'APT::Sandbox::User=root'];
        await run('apt-get', [...options, 'download', '-qq', 'prometheus'], { cwd: target });
        const file = (await readdir(target)).find((one) => one.endsWith('.deb')) ?? '';
        await run('dpkg-deb', ['--extract', file, '.'], { cwd: target });
      }),
    ),
  );
  return join(folder, 'usr', 'bin', name);
}

export async function startPrometheus({ targets, rules }: PrometheusOptions): Promise<Prometheus> {
  const program = await prometheusTool('prometheus');
  const folder = runFolder('prometheus');
  const data = register({ kind: 'directory', path: folder });
  await using started = new AsyncDisposableStack();
  started.defer(() => data.release());
  await writeFile(join(folder, 'rules.yaml'), rules);
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: job, static_configs: [{ targets }] }],
  };
  await writeFile(join(folder, 'prometheus.yaml'), dump(config));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const process = started.use(
    startProcess(
      program,
      [
        `--config.file=${folder}/prometheus.yaml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { logFile: join(folder, 'prometheus.log') },
    ),
  );
  await eventually(async () => {
    if (!process.alive()) throw new Error(process.logTail());
    if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('it is not ready');
  });
  const ask = async <T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus refuses ${parameters.query ?? path}: ${answer.error}`);
    return answer.data;
  };
  const running = started.move();
  return {
    url,
    async query(query) {
      return (await ask<{ result: readonly Series[] }>('query', { query })).result;
    },
    async queryRange(query, { from, to, stepSeconds }) {
      const range = { start: String(from), end: String(to), step: String(stepSeconds) };
      return (await ask<{ result: readonly Series[] }>('query_range', { query, ...range })).result;
    },
    async alerts() {
      return (await ask<{ alerts: readonly FiringAlert[] }>('alerts')).alerts;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
