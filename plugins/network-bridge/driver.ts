import { access, constants, readFile } from 'node:fs/promises'
import { release } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Logger } from '@davit/core/kernel'
import { type NetworkCapabilities, type NetworkContext, type NetworkDriver, runTool, toolEnvironment } from '@davit/core/node'
import type { BridgeConfig } from './config.js'
import { changeRules } from './firewall.js'
import { disconnectPod, findLinks, isLink, linksOf } from './links.js'
import { namesOf, ownerOf } from './names.js'
import { createPodNetwork, rangeOf } from './network.js'
import { portRemoval, removalRules } from './rules.js'

export const supports: NetworkCapabilities = { hostPorts: true, masquerade: true, ipv6: false }

export interface BridgeServices {
  readonly config: BridgeConfig
  readonly log: Logger
}

export function createBridgeDriver({ config, log }: BridgeServices): NetworkDriver {
  return {
    id: 'network-bridge',
    supports,
    async probe() {
      const reason = await lacking()
      return reason === undefined ? { usable: true, version: release() } : { usable: false, reason }
    },
    async open(node) {
      return createPodNetwork({ config, log, firewall: await hasFirewall() }, node)
    },
    purge,
  }
}

async function purge(node: NetworkContext): Promise<void> {
  const [names, owner] = [namesOf(rangeOf(node)), ownerOf(node)]
  for (const link of await findLinks()) if (link.owner === owner) await disconnectPod(link.address)
  const firewall = await hasFirewall()
  if (firewall) await changeRules((saved) => portRemoval(saved, names, (port) => port.owner === owner))
  // Another node of the machine that has the same range goes on.
  if ((await linksOf(names.bridge)) > 0) return
  if (firewall) await changeRules((saved) => removalRules(saved, names))
  if (!(await isLink(names.bridge))) return
  await runTool('ip', ['link', 'delete', names.bridge]).catch(async (error: unknown) => {
    if (await isLink(names.bridge)) throw error
  })
}

/** Of capability(7). */
const needed = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n }

async function lacking(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `bridges of ${process.platform} are not supported, only of Linux`
  const status = await readFile('/proc/self/status', 'utf8')
  const held = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const capability = Object.entries(needed).find(([, bit]) => ((held >> bit) & 1n) === 0n)?.[0]
  if (capability !== undefined) return `Davit runs without the capability ${capability}`
  for (const name of ['ip', 'nsenter']) if (!(await onPath(name))) return `missing on the path: ${name}`
  if (!(await may('/proc/sys/net/ipv4/ip_forward', constants.W_OK))) return '/proc/sys/net cannot be written to'
  return undefined
}

async function hasFirewall(): Promise<boolean> {
  return (await onPath('iptables-save')) && (await onPath('iptables-restore'))
}

async function onPath(program: string): Promise<boolean> {
  for (const folder of toolEnvironment.PATH.split(delimiter)) if (await may(join(folder, program), constants.X_OK)) return true
  return false
}

function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
