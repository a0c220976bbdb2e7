/** Replaces one plugin while the rest runs, or puts back what ran before. */
import type { RunningKernel } from './boot.js'
import type { PluginEntry } from './contract.js'
import { DavitError, messageOf } from './errors.js'
import { dependantsOf } from './graph.js'
import { instanceId } from './lifecycle.js'
import { makePlan, type Plan } from './plan.js'

/** See `Kernel.reload`. The caller sees to it that one runs at a time. */
export async function reload(kernel: RunningKernel, id: string, entry: PluginEntry): Promise<void> {
  const before = kernel.plan
  if (!before.entries.has(id)) throw new DavitError('DAVIT_PLUGIN_UNKNOWN', `no plugin "${id}" is running`)
  if (instanceId(entry) !== id) {
    throw new DavitError('DAVIT_PLUGIN_INVALID', `plugin "${id}" cannot be replaced by "${instanceId(entry)}": ids never change`)
  }
  const letGo = kernel.shared.hold()
  try {
    // Checked as a whole before anything is touched: most mistakes end here, without a pause of what runs.
    const after = await makePlan([...new Map(before.entries).set(id, entry).values()])
    const unfit = after.unfit.get(id)
    if (unfit !== undefined) throw new Error(unfit)
    await swap(kernel, id, before, after)
  } catch (cause) {
    if (cause instanceof DavitError && cause.code === 'DAVIT_ROLLBACK_FAILED') throw cause
    const message = `reload of plugin "${id}" failed and was rolled back: ${messageOf(cause)}`
    const instance = kernel.instance(id)
    if (instance) instance.enter(instance.state, message)
    throw new DavitError('DAVIT_RELOAD_FAILED', message, { details: { plugin: id }, cause })
  } finally {
    await letGo()
  }
}

async function swap(kernel: RunningKernel, id: string, before: Plan, after: Plan): Promise<void> {
  const affected = new Set([...dependantsOf(before.graph, id), ...dependantsOf(after.graph, id)])
  const inOrder = (plan: Plan): string[] => plan.graph.order.filter((candidate) => affected.has(candidate))
  const wasDown = new Set(inOrder(before).filter((candidate) => kernel.instance(candidate)?.state !== 'running'))
  const isOptional = (candidate: string): boolean => before.entries.get(candidate)?.optional ?? false
  await kernel.takeDown(inOrder(before))
  try {
    kernel.plan = after
    // What ran must run again; only what was down before, and may be, may stay down.
    await kernel.bringUp(inOrder(after), (candidate) => candidate !== id && wasDown.has(candidate) && isOptional(candidate))
  } catch (cause) {
    await kernel.takeDown(inOrder(after))
    kernel.plan = before
    try {
      await kernel.bringUp(inOrder(before), isOptional)
    } catch (second) {
      const message = `reload of plugin "${id}" failed (${messageOf(cause)}), and so did the way back: ${messageOf(second)}`
      throw new DavitError('DAVIT_ROLLBACK_FAILED', message, { cause: new AggregateError([cause, second], message) })
    }
    throw cause
  }
}
