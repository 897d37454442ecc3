import { hostsCommand } from './commands/kubectl/hosts.ts';
import { pauseCommand, resumeCommand } from './commands/kubectl/mode.ts';
import { planCommand } from './commands/kubectl/plan.ts';
import { statusCommand } from './commands/kubectl/status.ts';
import { whyCommand } from './commands/kubectl/why.ts';
import { renderCommand } from './commands/render.ts';
import { runCommand } from './commands/run-command.ts';

/** `kubectl cephopenstack`: a table of contents, as main.ts is of the operator. It has the rights of who calls it, and no others. */
runCommand(
  {
    name: 'kubectl cephopenstack',
    commands: {
      status: statusCommand,
      plan: planCommand,
      hosts: hostsCommand,
      why: whyCommand,
      pause: pauseCommand,
      resume: resumeCommand,
      render: renderCommand,
    },
    withoutWord: 'status',
  },
  process.argv.slice(2),
).then((code) => {
  process.exitCode = code;
});
