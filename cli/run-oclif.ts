import { fileURLToPath } from 'node:url'
import { CLIError, handle } from '@oclif/core/errors'
import { run as runCommand } from '@oclif/core/run'

/** Apart from the entry, so that `--version` does not load the framework. */
export async function run(packageFile: URL): Promise<void> {
  const [first, ...rest] = process.argv.slice(2)
  const words = first === 'help' ? [...rest, '--help'] : process.argv.slice(2)
  try {
    await runCommand(words, fileURLToPath(packageFile))
  } catch (error) {
    // What a command finds wrong it says itself; here it is the command that is not there.
    if (!(error instanceof CLIError) || !/^command .* not found$/.test(error.message)) return handle(error as Error)
    const flag = words.findIndex((word) => word.startsWith('-'))
    const name = words.slice(0, flag < 0 ? undefined : flag).join(' ')
    process.stderr.write(`error: there is no command "${name}"\n  \`davit help\` names those that there are\n`)
    process.exitCode = 2
  }
}
