import packageJson from '../../package.json' with { type: 'json' };
import { InvalidConfig } from '../config.ts';
import { errorMessage } from '../errors.ts';
import { type Command, InputFaults, UsageError } from './command.ts';

/** What can be called by a word. */
export interface Program {
  /** As people call it. */
  readonly name: string;
  readonly commands: Readonly<Record<string, Command>>;
  /** The command that is meant where no word is given, or an option comes first. */
  readonly withoutWord: string;
}

/** Runs the command that the first word names, and gives its exit code: 0 done, 1 it could not be done, 2 the words were not understood. */
export async function runCommand(program: Program, words: readonly string[]): Promise<number> {
  const { commands } = program;
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough, as `head`, is no failure to speak of.
    if (error.code !== 'EPIPE') process.stderr.write(`The output cannot be written: ${error.message}.\n`);
    process.exit(1);
  });
  const [first] = words;
  if (first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(overview(program));
    return 0;
  }
  if (first === '--version') {
    process.stdout.write(`${packageJson.version}\n`);
    return 0;
  }
  const isNamed = first !== undefined && !first.startsWith('-');
  const name = isNamed ? first : program.withoutWord;
  const args = isNamed ? words.slice(1) : words;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const known = Object.keys(commands).toSorted().join(', ');
    process.stderr.write(`Unknown command "${name}"; there are: ${known}.\n`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`Usage: ${program.name} ${command.help}`);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message} See ${program.name} ${name} --help.\n`);
      return 2;
    }
    const isWhole = error instanceof InvalidConfig || error instanceof InputFaults;
    process.stderr.write(`${isWhole ? error.message : `Cannot ${name}: ${errorMessage(error)}`}\n`);
    return 1;
  }
}

function overview({ name: program, commands, withoutWord }: Program): string {
  const lines = Object.entries(commands)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}\n`);
  return `Usage: ${program} [COMMAND] [--help]\n       ${program} --version\n\n${lines.join('')}\nWithout a word: ${withoutWord}.\n`;
}
