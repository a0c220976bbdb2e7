import type { Clock } from '@davit/core/kernel'
import type { ExecRequest, ExecResult, Runtime } from '@davit/core/node'
import type { Client } from './client.js'
import { codeOf, codes, problem } from './errors.js'
import { exitCodeOf, talk } from './streams.js'

const longestOutput = 64 * 1024

export function createExec(client: Client, clock: Clock): Pick<Runtime, 'exec' | 'execSync' | 'attach'> {
  return {
    async exec(id, request) {
      const { command, ...streams } = request
      try {
        request.signal.throwIfAborted()
        const { url } = await client.call('Exec', { containerId: id, cmd: command, ...wantedOf(request) })
        return { exitCode: exitCodeOf(await talk(url, streams, !request.tty)) }
      } catch (error) {
        request.signal.throwIfAborted()
        throw problem('RunContainerError', error)
      }
    },
    async attach(id, request) {
      try {
        request.signal.throwIfAborted()
        const { url } = await client.call('Attach', { containerId: id, ...wantedOf(request) })
        await talk(url, request, false)
      } catch (error) {
        if (request.signal.aborted) return
        throw problem('RunContainerError', error)
      }
    },
    async execSync(id, command, timeoutMs) {
      const late = new AbortController()
      const timer = timeoutMs > 0 ? clock.setTimer(timeoutMs, () => late.abort()) : undefined
      // The runtime counts in whole seconds; it kills the command when the call is given up, too.
      const timeout = timeoutMs > 0 ? Math.ceil(timeoutMs / 1000) : 0
      try {
        const request = { containerId: id, cmd: command, timeout }
        const { exitCode, stdout, stderr } = await client.call('ExecSync', request, { signal: late.signal, timeoutMs: 0 })
        return { exitCode, stdout: stdout.subarray(0, longestOutput), stderr: stderr.subarray(0, longestOutput), timedOut: false }
      } catch (error) {
        if (late.signal.aborted || codeOf(error) === codes.deadline) return timedOut
        throw problem('RunContainerError', error)
      } finally {
        timer?.cancel()
      }
    },
  }
}

const timedOut: ExecResult = { exitCode: 137, stdout: new Uint8Array(0), stderr: new Uint8Array(0), timedOut: true }

type Wanted = { readonly tty: boolean; readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }

/** A terminal has one stream of output. The runtime refuses to be asked for none at all. */
function wantedOf({ tty, stdin, stdout, stderr }: Omit<ExecRequest, 'command'>): Wanted {
  const wanted = { tty, stdin: stdin !== undefined, stdout: stdout !== undefined, stderr: stderr !== undefined && !tty }
  return wanted.stdin || wanted.stdout || wanted.stderr ? wanted : { ...wanted, stdout: true }
}
