import { rm } from 'node:fs/promises'
import type { Clock, Logger } from '@davit/core/kernel'
import type { NodeContext, Runtime, Sandbox } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import { createAttachments } from './attachments.js'
import type { Client } from './client.js'
import type { ContainerdConfig } from './config.js'
import { problem, reservedFor, unlessMissing } from './errors.js'
import { type Sharing, sandboxOf, selectorOf, storedSharing } from './labels.js'
import type { Received } from './messages.js'
import { chooseNetwork } from './network.js'
import { once } from './once.js'
import { logDirectory, sandboxOptions } from './options.js'
import { ensurePauseImage } from './pause-image.js'

export type Sandboxes = Pick<Runtime, 'runSandbox' | 'stopSandbox' | 'removeSandbox' | 'listSandboxes'> & {
  /** What containers of the sandbox share with it; of a sandbox of a former life too. */
  sharing(id: string): Promise<Sharing>
  /** As it is now. Rejects where it is gone. */
  sandbox(id: string): Promise<Sandbox>
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

export function createSandboxes({ client, node, clock, log, config }: SandboxParts): Sandboxes {
  const known = new Map<string, { readonly sandbox: Sandbox; readonly sharing: Sharing }>()
  const network = once(() => chooseNetwork({ client, clock, log, config }, node))
  const pause = once(() => ensurePauseImage(client, clock, config.socket))
  const attachments = createAttachments(client, node)

  const look = async (id: string): Promise<Sandbox | undefined> => {
    await attachments.adopt()
    const found = (await unlessMissing(client.call('PodSandboxStatus', { podSandboxId: id })))?.status
    if (!found) {
      known.delete(id)
      return undefined
    }
    const sandbox = attachments.connected(sandboxOf(found, []), found)
    known.set(id, { sandbox, sharing: storedSharing(found.annotations) })
    return sandbox
  }
  /** The list lacks addresses, which change only with the state. */
  const fromList = async (found: Received<'PodSandbox'>): Promise<Sandbox | undefined> => {
    const before = known.get(found.id)?.sandbox
    return before?.state === sandboxOf(found, []).state ? before : look(found.id)
  }
  const stop = async (id: string): Promise<void> => {
    await unlessMissing(client.call('StopPodSandbox', { podSandboxId: id }, { timeoutMs: longTimeout }))
    await attachments.detach(id)
  }
  const remove = async (id: string): Promise<void> => {
    await stop(id)
    await unlessMissing(client.call('RemovePodSandbox', { podSandboxId: id }, { timeoutMs: longTimeout }))
    known.delete(id)
  }

  return {
    async runSandbox(config) {
      try {
        const [connects] = await Promise.all([config.hostNetwork ? undefined : network.done(), pause.done(), attachments.adopt()])
        const options = sandboxOptions(node.nodeName, node.directory, config, connects !== undefined)
        const request = { config: options, runtimeHandler: config.runtimeHandler ?? '' }
        const run = () => client.call('RunPodSandbox', request, { timeoutMs: longTimeout })
        const { podSandboxId } = await run().catch(async (error: unknown) => {
          // What a crash left half made under this name, so that the agent never heard of it, gives way.
          const holder = reservedFor(error)
          if (holder === undefined || (await look(holder))?.state === 'ready') throw error
          await remove(holder)
          return run()
        })
        if (connects) {
          await attachments.attach(podSandboxId, config.portMappings).catch(async (error: unknown) => {
            await remove(podSandboxId)
            throw error
          })
        }
        return await sandboxNow(podSandboxId)
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
    sandbox: sandboxNow,
  }

  async function sandboxNow(id: string): Promise<Sandbox> {
    const sandbox = await look(id)
    if (!sandbox) throw new RuntimeError('FailedCreatePodSandBox', `the sandbox ${id} is gone again`)
    return sandbox
  }
}
