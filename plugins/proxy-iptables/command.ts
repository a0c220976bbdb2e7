import { spawn } from 'node:child_process'

export class CommandError extends Error {
  readonly exitCode: number | null
  constructor(command: string, exitCode: number | null, output: string) {
    super(`${command} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}: ${output.trim().slice(0, 2000)}`)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** Runs a program without a shell; resolves with its output, rejects when it is missing or fails. */
export function command(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // In a group of its own: a Ctrl-C in the terminal is for Davit, which lets a transaction end.
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    child.on('error', reject)
    // A program that fails early closes its input: its exit code says why.
    child.stdin.on('error', () => undefined)
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString())
      else reject(new CommandError([program, ...args].join(' '), code, Buffer.concat(errors).toString()))
    })
    child.stdin.end(input)
  })
}
