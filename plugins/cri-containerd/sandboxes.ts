import { rm } from 'node:fs/promises'
import type { Clock, Logger } from '@davit/core/kernel'
import type { NodeContext, Runtime, Sandbox } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import type { Client } from './client.js'
import type { ContainerdConfig } from './config.js'
import { problem, reservedFor, unlessMissing } from './errors.js'
import { ipsOf, type Sharing, sandboxOf, selectorOf, storedSharing } from './labels.js'
import type { Received } from './messages.js'
import { ensureNetwork } from './network.js'
import { logDirectory, sandboxOptions } from './options.js'
import { ensurePauseImage } from './pause-image.js'

export type Sandboxes = Pick<Runtime, 'runSandbox' | 'stopSandbox' | 'removeSandbox' | 'listSandboxes'> & {
  /** What containers of the sandbox share with it; of a sandbox of a former life too. */
  sharing(id: string): Promise<Sharing>
}

export interface SandboxParts {
  readonly client: Client
  readonly node: NodeContext
  readonly clock: Clock
  readonly log: Logger
  readonly config: ContainerdConfig
}

/** Setting up and taking down a network includes programs that the runtime starts. */
const longTimeout = 240_000

export function createSandboxes({ client, node, clock, log, config: { socket, cniDirectory } }: SandboxParts): Sandboxes {
  const known = new Map<string, { readonly sandbox: Sandbox; readonly sharing: Sharing }>()
  const network = once(() => ensureNetwork({ client, clock, log, directory: cniDirectory }, node))
  const pause = once(() => ensurePauseImage(client, clock, socket))

  const remember = (sandbox: Sandbox, annotations: Readonly<Record<string, string>>): Sandbox => {
    known.set(sandbox.id, { sandbox, sharing: storedSharing(annotations) })
    return sandbox
  }
  const look = async (id: string): Promise<Sandbox | undefined> => {
    const found = (await unlessMissing(client.call('PodSandboxStatus', { podSandboxId: id })))?.status
    if (!found) known.delete(id)
    return found ? remember(sandboxOf(found, ipsOf(found)), found.annotations) : undefined
  }
  /** The list lacks addresses, which change only with the state. */
  const fromList = async (found: Received<'PodSandbox'>): Promise<Sandbox | undefined> => {
    const before = known.get(found.id)?.sandbox
    const now = sandboxOf(found, before?.ips ?? [])
    return before?.state === now.state ? before : look(found.id)
  }
  const stop = async (id: string): Promise<void> => {
    await unlessMissing(client.call('StopPodSandbox', { podSandboxId: id }, { timeoutMs: longTimeout }))
  }
  const remove = async (id: string): Promise<void> => {
    await stop(id)
    await unlessMissing(client.call('RemovePodSandbox', { podSandboxId: id }, { timeoutMs: longTimeout }))
    known.delete(id)
  }

  return {
    async runSandbox(config) {
      const { runtimeHandler = '' } = config
      const request = { config: sandboxOptions(node.nodeName, node.directory, config), runtimeHandler }
      const run = () => client.call('RunPodSandbox', request, { timeoutMs: longTimeout })
      try {
        await Promise.all([pause.done(), config.hostNetwork ? undefined : network.done()])
        const { podSandboxId } = await run().catch(async (error: unknown) => {
          // What a crash left half made under this name, so that the agent never heard of it, gives way.
          const holder = reservedFor(error)
          if (holder === undefined || (await look(holder))?.state === 'ready') throw error
          await remove(holder)
          return run()
        })
        const sandbox = await look(podSandboxId)
        if (!sandbox) throw new RuntimeError('FailedCreatePodSandBox', `the sandbox ${podSandboxId} is gone again`)
        return sandbox
      } catch (error) {
        // Somebody may have taken away the image or the network.
        pause.forget()
        network.forget()
        throw problem('FailedCreatePodSandBox', error)
      }
    },
    stopSandbox: stop,
    async removeSandbox(id) {
      const sandbox = known.get(id)?.sandbox ?? (await look(id))
      await remove(id)
      if (sandbox) await rm(logDirectory(node.directory, sandbox), { recursive: true, force: true })
    },
    async listSandboxes() {
      const { items } = await client.call('ListPodSandbox', { filter: selectorOf(node.nodeName) })
      const here = new Set(items.map(({ id }) => id))
      for (const id of known.keys()) if (!here.has(id)) known.delete(id)
      return (await Promise.all(items.map(fromList))).filter((sandbox) => sandbox !== undefined)
    },
    async sharing(id) {
      if (!known.has(id)) await look(id)
      const found = known.get(id)
      if (!found) throw new RuntimeError('CreateContainerError', `the sandbox ${id} is gone`)
      return found.sharing
    },
  }
}

/** What is done once, and again after it failed or was forgotten. */
function once(work: () => Promise<void>): { done(): Promise<void>; forget(): void } {
  let result: Promise<void> | undefined
  return {
    done: () => (result ??= work()),
    forget: () => (result = undefined),
  }
}
