import { Command } from '@oclif/core/command'
import { CLIError, ExitError } from '@oclif/core/errors'
import type { CommandError } from '@oclif/core/interfaces'
import { CliError } from './cli-error.js'

/** What to do about an error, where the command line has a better word for it than a configuration file. */
const hints: Readonly<Record<string, string>> = {
  DAVIT_API_ADDRESS: 'choose another address with --bind and --port (0 picks a free one), or stop what listens there',
}

interface KnownError extends Error {
  readonly code: string
}

/** That a plugin failed says less than why. */
function innermost(error: unknown): KnownError | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  if (!(error instanceof Error) || typeof code !== 'string' || !code.startsWith('DAVIT_')) return undefined
  const inner = code === 'DAVIT_PLUGIN_FAILED' ? innermost(error.cause) : undefined
  return inner ?? (error as KnownError)
}

/** The parser of the command line says what is wrong in several lines, which belong together, and then what to do. */
function linesOf(message: string): string[] {
  const lines = message.split('\n').map((line) => line.trim())
  const hint = lines.filter((line) => line.startsWith('See more help'))
  const said = lines.filter((line) => line !== '' && line !== 'The following error occurred:' && !hint.includes(line))
  return [said.join(' '), ...hint]
}

/** Shows an error as a person reads it: what is wrong, then what to do. */
export abstract class DavitCommand extends Command {
  protected override async catch(error: CommandError): Promise<void> {
    if (error instanceof CliError) {
      process.stderr.write(`error: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`)
      this.exit(error.exitCode)
    }
    const known = innermost(error)
    if (known) {
      const { errorTable } = await import('@davit/core/kernel')
      const action = hints[known.code] ?? errorTable[known.code as keyof typeof errorTable]?.action
      process.stderr.write(`error: ${known.message} (${known.code})\n${action ? `  ${action}\n` : ''}`)
      this.exit(1)
    }
    // Not what ends a command with its exit code, which is one of these too.
    if (error instanceof CLIError && !(error instanceof ExitError)) {
      const [message, ...hint] = linesOf(error.message)
      process.stderr.write(`error: ${message}\n  ${hint.join('\n  ') || `see \`davit ${this.id} --help\``}\n`)
      this.exit(2)
    }
    throw error
  }
}
