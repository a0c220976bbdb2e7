/** What a node runs its Pods with: the network first, for the runtime connects sandboxes to it. */
import type { NodeContext, Runtime, RuntimeDriver, RuntimeVersion } from './contract.js'
import { type NetworkChoice, openNetwork } from './open-network.js'

export interface OpenRuntime {
  readonly runtime: Runtime
  readonly version: RuntimeVersion
  /** The runtime, then the network, which the runtime may use until it is closed. Idempotent; never rejects. */
  close(): Promise<void>
}

/** On failure nothing stays open: it is tried again for as long as the node lives. */
export async function openRuntime(choice: NetworkChoice, driver: RuntimeDriver, context: NodeContext): Promise<OpenRuntime> {
  const network = await openNetwork(choice, context, driver.supports)
  let runtime: Runtime | undefined
  const close = async (): Promise<void> => {
    for (const each of [runtime, network]) {
      await each?.close().catch((error: unknown) => choice.log.debug({ error: String(error) }, 'a runtime closed badly'))
    }
  }
  try {
    runtime = await driver.open({ ...context, ...(network && { network }) })
    return { runtime, version: await runtime.version(), close }
  } catch (error) {
    await close()
    throw error
  }
}
