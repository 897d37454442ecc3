import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A word after the program's name. */
export interface Command {
  /** One line, without a full stop. */
  readonly summary: string;
  /** What `--help` prints after "Usage:" and the program's name; the first word is the command's own. */
  readonly help: string;
  /** Gives the exit code. @throws {UsageError} for words that it does not understand. */
  run(args: readonly string[]): Promise<number>;
}

/** A command that was called in a way that it does not understand; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is wrong with what a command was given to read: a sentence each, which say where; exit code 1. */
export class InputFaults extends Error {
  override readonly name = 'InputFaults';

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** As `parseArgs` of Node, but an option that counts once is not given twice. @throws {UsageError} */
export function parseWords<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    const { tokens = [] } = parseArgs({ ...config, tokens: true });
    const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
    const twice = names.find((name, index) => names.indexOf(name) < index && config.options?.[name]?.multiple !== true);
    if (twice !== undefined) throw new UsageError(`--${twice} is given twice.`);
    return parseArgs(config);
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      // Node goes on to explain how a dash may be quoted.
      const [sentence = ''] = error.message.split(/[.\n] /);
      throw new UsageError(`${sentence.replace(/\.$/, '')}.`);
    }
    throw error;
  }
}

/** The one word that may stand beside the options. @throws {UsageError} for a second one. */
export function atMostOne([word, second]: readonly string[]): string | undefined {
  if (second !== undefined) throw new UsageError(`Unexpected argument "${second}".`);
  return word;
}
