/** A failure that a user can understand: what is wrong and where; `hint` says what to do. No stack is shown. */
export class CliError extends Error {
  readonly hint: string | undefined
  readonly exitCode: number
  constructor(message: string, options: { hint?: string | undefined; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliError'
    this.hint = options.hint
    this.exitCode = options.exitCode ?? 1
  }
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is a file',
}

/** Why a file could not be read. */
export function fileProblem(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException
  const known = problems[code]
  return known === undefined ? code || String(error) : `${known} (${code})`
}
