import type { Pod } from '../kinds/contract.js'
import type { PortMapping } from './contract.js'

/** Of all that runs as long as the Pod does, sidecars too: what the node compares is what its runtime maps. */
export function hostPortsOf({ spec }: Pod): PortMapping[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...sidecars, ...spec.containers].flatMap(({ ports = [] }) =>
    ports.flatMap(({ containerPort, hostPort, hostIP = '', protocol = 'TCP' }) =>
      hostPort ? [{ containerPort, hostPort, hostIp: hostIP, protocol: protocol as PortMapping['protocol'] }] : [],
    ),
  )
}
