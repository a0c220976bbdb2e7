/** Boots a mode plugin, and does with its mode what the kit says. Runs in the node's network namespace. */
import { createClock } from '../../kernel/clock.js'
import type { AnyPlugin } from '../../kernel/contract.js'
import { bootKernel } from '../../kernel/host.js'
import { createTestServices } from '../../testing/services.js'
import { type ProxyMode, ProxyModeToken, type ProxyNode, type ProxyState } from '../contract.js'
import { answerLines } from './lines.js'

const [file = '', config = '{}'] = process.argv.slice(2)
const plugin = ((await import(file)) as { default: AnyPlugin }).default
const services = { ...createTestServices(), clock: createClock() }
const kernel = await bootKernel([{ plugin, config: JSON.parse(config) }], services)
const [driver] = kernel.bag(ProxyModeToken).all()
let mode: ProxyMode | undefined

function opened(): ProxyMode {
  if (!mode) throw new Error('the mode is not open')
  return mode
}

answerLines({
  probe: () => driver?.probe(),
  async open(node: ProxyNode) {
    mode = await driver?.open(node)
  },
  sync: (state: ProxyState) => opened().sync(state),
  cleanup: () => opened().cleanup(),
  close: () => opened().close(),
})
