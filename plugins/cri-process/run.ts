import { spawn } from 'node:child_process'
import { shell } from './machine.js'

/** Of the tools that run with root's rights: nothing of Davit's own environment but where programs are. */
export const toolEnvironment = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** Runs a command to its end; rejects with its words when it fails. */
export function run(command: string, commandArguments: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, { stdio: ['pipe', 'ignore', 'pipe'], env: toolEnvironment })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    // A command that fails at once need not have read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} failed (${signal ?? code}): ${said.trim()}`))
    })
  })
}

export function runScript(script: string, name: string, scriptArguments: readonly string[], input?: string): Promise<void> {
  return run(shell, ['-c', script, name, ...scriptArguments], input)
}
