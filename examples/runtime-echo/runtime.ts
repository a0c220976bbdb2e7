import type { Clock, Random } from '@davit/core/kernel'
import type { Container, ContainerConfig, Runtime, RuntimeEvent, Sandbox } from '@davit/core/node'
import { logOf } from './log.js'

export interface EchoContainer {
  readonly config: ContainerConfig
  readonly sandbox: Sandbox
  status: Container
  ended: Promise<void>
  end(exitCode: number): void
}
export interface EchoRuntime extends Runtime {
  clear(): Promise<void>
}

/**
 * Containers are entries in a map that print their command, a word to a line. They run until they are stopped; with the
 * environment variable EXIT they end at once with that code, and with TERM they end with that code when asked to stop,
 * or with TERM=ignore not before they are killed.
 */
export function createRuntime(clock: Clock, random: Random): EchoRuntime {
  const sandboxes = new Map<string, Sandbox>()
  const containers = new Map<string, EchoContainer>()
  const listeners = new Set<(event: RuntimeEvent) => void>()
  const announce = (podUid: string, type: RuntimeEvent['type']) => {
    for (const listener of listeners) listener({ podUid, type })
  }
  const of = (sandboxId: string) => [...containers.values()].filter(({ sandbox }) => sandbox.id === sandboxId)

  const runtime: EchoRuntime = {
    version: async () => ({ name: 'echo', version: '0.1.0' }),
    async runSandbox({ pod, attempt, labels, annotations }) {
      const facts = { pod, attempt, labels, annotations, ips: [] }
      const sandbox: Sandbox = { ...facts, id: random.string(16), state: 'ready', createdAt: clock.now() }
      sandboxes.set(sandbox.id, sandbox)
      return sandbox
    },
    // Stop and remove may be repeated, and name what never was: all of these do nothing then.
    async stopSandbox(id) {
      for (const container of of(id)) container.end(137)
      const sandbox = sandboxes.get(id)
      if (sandbox) sandboxes.set(id, { ...sandbox, state: 'notReady' })
    },
    async removeSandbox(id) {
      for (const { status } of of(id)) await runtime.removeContainer(status.id)
      sandboxes.delete(id)
    },
    listSandboxes: async () => [...sandboxes.values()],

    async createContainer(sandbox, config) {
      const container = createContainer(random.string(16), sandbox, config, clock, (type) => announce(sandbox.pod.uid, type))
      containers.set(container.status.id, container)
      return container.status.id
    },
    async startContainer(id) {
      const container = containers.get(id)
      if (!container) throw new Error(`there is no container ${id}`)
      container.status = { ...container.status, state: 'running', startedAt: clock.now() }
      announce(container.sandbox.pod.uid, 'containerStarted')
      const code = variable(container, 'EXIT')
      if (code !== undefined) container.end(Number(code))
    },
    async stopContainer(id, graceSeconds) {
      const container = containers.get(id)
      if (container?.status.state !== 'running') return
      const answer = variable(container, 'TERM') ?? '0'
      if (answer === 'ignore') await Promise.race([container.ended, clock.sleep(graceSeconds * 1000)])
      container.end(answer === 'ignore' ? 137 : Number(answer))
    },
    async removeContainer(id) {
      const container = containers.get(id)
      container?.end(137)
      if (containers.delete(id) && container) announce(container.sandbox.pod.uid, 'containerRemoved')
    },
    listContainers: async () => [...containers.values()].map(({ status }) => status),
    container: async (id) => containers.get(id)?.status,
    async *logs(id, options) {
      const container = containers.get(id)
      if (container) yield* logOf(container, options)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async clear() {
      for (const id of sandboxes.keys()) await runtime.removeSandbox(id)
    },
    close: async () => listeners.clear(),
    ...unable,
  }
  return runtime
}

/** Every name is an image that is here. The rest is never asked for: `supports` says so. */
const refuse = async (): Promise<never> => {
  throw new Error('runtime-echo only prints')
}
const unable: Pick<Runtime, 'image' | 'pullImage' | 'updateContainer' | 'usage' | 'execSync' | 'exec' | 'attach' | 'dial'> = {
  image: async (name) => ({ id: name, size: 0, user: '' }),
  pullImage: async (name) => name,
  updateContainer: async () => {},
  usage: async () => undefined,
  ...{ execSync: refuse, exec: refuse, attach: refuse, dial: refuse },
}

function variable({ config }: EchoContainer, name: string): string | undefined {
  return config.environment.find((entry) => entry.name === name)?.value
}

function createContainer(
  id: string,
  sandbox: Sandbox,
  config: ContainerConfig,
  clock: Clock,
  changed: (type: RuntimeEvent['type']) => void,
): EchoContainer {
  const { name, attempt, image, labels, annotations } = config
  const facts = { id, sandboxId: sandbox.id, name, attempt, image, imageId: image, labels, annotations, createdAt: clock.now() }
  let resolve = () => {}
  const container: EchoContainer = {
    config,
    sandbox,
    status: { ...facts, state: 'created', startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '' },
    ended: new Promise((settle) => {
      resolve = settle
    }),
    end(exitCode) {
      if (container.status.state !== 'running') return
      const reason = exitCode === 0 ? 'Completed' : 'Error'
      container.status = { ...container.status, state: 'exited', finishedAt: clock.now(), exitCode, reason }
      resolve()
      changed('containerExited')
    },
  }
  return container
}
