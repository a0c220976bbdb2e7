import { CliError } from '../output/cli-error.js'
import { isAlive, type RunningState } from './state.js'

interface StopOptions {
  /** Kill it when it does not stop in time. */
  readonly force: boolean
  readonly withinMs?: number
  say(line: string): void
}

/** Asks the process of a cluster to stop, and waits until it is gone. */
export async function stopProcess(state: RunningState, { force, withinMs = 60_000, say }: StopOptions): Promise<void> {
  if (!(await isAlive(state))) return
  send(state.pid, 'SIGTERM')
  say(`stopping process ${state.pid}`)
  if (await endsWithin(state, withinMs)) return
  const late = `process ${state.pid} does not stop: it was asked to ${withinMs / 1000} s ago`
  if (!force) throw new CliError(late, { hint: 'look at its log; `davit down --force` kills it' })
  say(`${late}; killing it`)
  send(state.pid, 'SIGKILL')
  if (!(await endsWithin(state, 10_000))) throw new CliError(`process ${state.pid} was killed and is still there`)
}

async function endsWithin(state: RunningState, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (await isAlive(state)) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // It ended by itself meanwhile.
    if (code !== 'ESRCH')
      throw new CliError(`cannot stop process ${pid}: ${code}`, { hint: 'stop it as the user that it runs as' })
  }
}
