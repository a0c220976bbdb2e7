import type { Duplex } from 'node:stream'
import type { Clock } from '@davit/core/kernel'
import type { ExecRequest, ExecResult, Runtime } from '@davit/core/node'
import type { Container as DockerContainer, Exec } from 'dockerode'
import { type Engine, problem } from './engine.js'
import { killTree } from './kill-tree.js'
import { followSizes, talk } from './streams.js'

const longestOutput = 64 * 1024
/** Docker's own would take ctrl-p from every shell's history; nobody types this. */
const detachKeys = 'ctrl-_,ctrl-^,ctrl-_,ctrl-^'

export function createExec(engine: Engine, clock: Clock): Pick<Runtime, 'exec' | 'execSync' | 'attach'> {
  const { docker } = engine

  const run = async (id: string, request: ExecRequest): Promise<{ readonly exitCode: number }> => {
    const { command, tty, stdin, signal } = request
    signal.throwIfAborted()
    const exec = await docker.getContainer(id).exec({
      Cmd: [...command],
      Tty: tty,
      AttachStdin: stdin !== undefined,
      AttachStdout: true,
      AttachStderr: !tty,
      DetachKeys: detachKeys,
    })
    const connection: Duplex = await exec.start({ hijack: true, stdin: true, Tty: tty })
    let killed: Promise<void> | undefined
    const onAbort = (): void => {
      killed = kill(exec)
      connection.destroy()
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    const stopSizes = tty ? followSizes(request.resize, (size) => resize(exec, size, clock)) : undefined
    try {
      await talk(connection, request, !tty)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      stopSizes?.()
      signal.removeEventListener('abort', onAbort)
      await killed
    }
    signal.throwIfAborted()
    return { exitCode: await exitCodeOf(exec, clock, signal) }
  }

  return {
    async exec(id, request) {
      try {
        return await run(id, request)
      } catch (error) {
        throw problem('RunContainerError', error)
      }
    },

    async execSync(id, command, timeoutMs) {
      const [stdout, stderr] = [collect(), collect()]
      const late = new AbortController()
      const timer = timeoutMs > 0 ? clock.setTimer(timeoutMs, () => late.abort()) : undefined
      const result = (exitCode: number, timedOut: boolean): ExecResult => {
        return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes(), timedOut }
      }
      try {
        const request = { command, tty: false, stdin: undefined, stdout: stdout.add, stderr: stderr.add, resize: nothing() }
        const { exitCode } = await run(id, { ...request, signal: late.signal })
        return result(exitCode, false)
      } catch (error) {
        if (late.signal.aborted) return result(137, true)
        throw problem('RunContainerError', error)
      } finally {
        timer?.cancel()
      }
    },

    async attach(id, request) {
      const { tty, stdin, signal } = request
      signal.throwIfAborted()
      const container = docker.getContainer(id)
      const options = { stream: true, stdin: stdin !== undefined, stdout: true, stderr: true, hijack: true, detachKeys }
      const endsWithInput = !tty && stdin !== undefined && (await isFedOnce(container))
      const connection = (await container.attach(options).catch((error: unknown) => {
        throw problem('RunContainerError', error)
      })) as Duplex
      const onAbort = (): void => void connection.destroy()
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      const stopSizes = tty ? followSizes(request.resize, (size) => container.resize(size)) : undefined
      try {
        await talk(connection, request, endsWithInput)
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        stopSizes?.()
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}

/** Then Docker takes the end of our input for the end of the process's, and of nothing else. */
async function isFedOnce(container: DockerContainer): Promise<boolean> {
  const { Config } = await container.inspect().catch((error: unknown) => {
    throw problem('RunContainerError', error)
  })
  return Config.StdinOnce
}

/** The connection ends a moment before Docker knows the code. */
async function exitCodeOf(exec: Exec, clock: Clock, signal: AbortSignal): Promise<number> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
    const { Running, ExitCode } = await exec.inspect()
    if (!Running && ExitCode !== null) return ExitCode
    await clock.sleep(pause, signal)
  }
}

async function kill(exec: Exec): Promise<void> {
  const found = await exec.inspect().catch(() => undefined)
  if (found?.Running && found.Pid > 0) await killTree(found.Pid)
}

/** Docker refuses a size until the process has begun. */
async function resize(exec: Exec, size: { readonly h: number; readonly w: number }, clock: Clock): Promise<void> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await exec.resize(size)
    } catch (error) {
      if (turn === 10) throw error
      await clock.sleep(20)
    }
  }
}

/** Keeps the beginning and reads on, so that the process is not held up. */
function collect(): { add(chunk: Uint8Array): Promise<void>; bytes(): Uint8Array } {
  const kept: Uint8Array[] = []
  let size = 0
  return {
    async add(chunk) {
      if (size >= longestOutput) return
      kept.push(chunk.subarray(0, longestOutput - size))
      size += chunk.length
    },
    bytes: () => Buffer.concat(kept),
  }
}

async function* nothing(): AsyncGenerator<never> {}
