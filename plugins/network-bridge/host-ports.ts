/** The ports of the machine that lead to Pods. The rules themselves say whose they are, so a restart finds them again. */
import { type NetworkSandbox, RuntimeError } from '@davit/core/node'
import { changeRules } from './firewall.js'
import type { Names } from './names.js'
import { createOnce } from './once.js'
import { type PortOwner, portOwners, portRemoval, portRules, takenPort } from './rules.js'

export interface HostPorts {
  /** Idempotent. A `RuntimeError` for one that another sandbox of the machine has. */
  publish(sandbox: NetworkSandbox, address: string): Promise<void>
  unpublish(id: string): Promise<void>
  /** Takes away those of sandboxes that are no more. */
  keep(ids: ReadonlySet<string>): Promise<void>
}

/** Without iptables there are none. */
export function createHostPorts(names: Names, owner: string, firewall: boolean): HostPorts {
  const published = new Set<string>()
  const load = createOnce(() =>
    changeRules((saved) => {
      for (const port of portOwners(saved, names)) if (port.owner === owner) published.add(port.id)
      return ''
    }),
  )
  const remove = (gone: (id: string) => boolean): Promise<void> =>
    changeRules((saved) => portRemoval(saved, names, (port) => port.owner === owner && gone(port.id)))

  return {
    async publish({ id, portMappings }, address) {
      if (portMappings.length === 0) return
      refuse(portMappings, firewall)
      const self: PortOwner = { owner, id }
      await changeRules((saved) => {
        const taken = takenPort(saved, self, portMappings)
        if (taken) throw refusal(`host port ${taken.hostPort}/${taken.protocol} is another Pod's on this machine`)
        if (portOwners(saved, names).some((port) => port.owner === owner && port.id === id)) return ''
        return portRules(names, self, address, portMappings)
      })
      published.add(id)
    },
    async unpublish(id) {
      if (!firewall) return
      await load()
      if (!published.has(id)) return
      await remove((other) => other === id)
      published.delete(id)
    },
    async keep(ids) {
      if (!firewall) return
      await load()
      const gone = [...published].filter((id) => !ids.has(id))
      if (gone.length === 0) return
      await remove((id) => !ids.has(id))
      for (const id of gone) published.delete(id)
    },
  }
}

function refuse(portMappings: NetworkSandbox['portMappings'], firewall: boolean): void {
  if (!firewall) throw refusal('host ports need iptables, which is not here')
  const foreign = portMappings.find(({ hostIp }) => hostIp !== '::' && !/^[\d.]*$/.test(hostIp))
  if (foreign) throw refusal(`host port ${foreign.hostPort} at ${foreign.hostIp}: Pods have IPv4 addresses alone`)
}

function refusal(message: string): RuntimeError {
  return new RuntimeError('FailedCreatePodSandBox', message)
}
