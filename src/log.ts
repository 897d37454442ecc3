import type { OperatorLogger } from '@dot-i/k8s-operator';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Fields that hold secrets by name, wherever they might turn up. What is a `Secret` prints as `***` anyway. */
const secretFields = [
  'authorization',
  'data',
  'key',
  'keyring',
  'password',
  'privateKey',
  'secret',
  'ssh-privatekey',
  'stringData',
  'token',
  'userKey',
];

/** One JSON object per line, or for people at a terminal one plain line. Defaults to standard output. */
export function createLogger(
  options: { level: LogLevel; format: 'json' | 'pretty' },
  destination: DestinationStream = process.stdout,
): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap(nested), censor: '***' },
    },
    options.format === 'json' ? destination : { write: (line) => destination.write(prettyLine(line)) },
  );
}

/** A field at the top and one and two levels below. */
function nested(field: string): string[] {
  const at = /^\w+$/.test(field) ? `.${field}` : `["${field}"]`;
  return [at.replace(/^\./, ''), `*${at}`, `*.*${at}`];
}

const colours: Readonly<Record<string, string>> = { debug: '2', info: '32', warn: '33', error: '31' };

/** `04:05:06 info  message  field=value`, from a line of JSON. */
export function prettyLine(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : '';
  const label = `\u001b[${colours[String(level)] ?? '0'}m${String(level).padEnd(5)}\u001b[0m`;
  return `${String(time).slice(11, 19)} ${label} ${[String(msg ?? ''), ...rest].join('  ')}${stack}\n`;
}

/** The log as the operator framework wants it. */
export function operatorLogger(log: Logger): OperatorLogger {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
  };
}
