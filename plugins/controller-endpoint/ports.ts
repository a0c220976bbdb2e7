/** Which ports of a Pod the ports of a Service mean. Pure. */
import type { Pod, Service, ServicePort } from '@davit/core/kinds'

export interface TargetPort {
  readonly name: string
  readonly port: number
  readonly protocol: string
  readonly appProtocol?: string
}

/** Sorted by name. A named port that the Pod does not have is left out. */
export function targetPorts(service: Service, pod: Pod): readonly TargetPort[] {
  const ports = (service.spec.ports ?? []).flatMap((port): TargetPort[] => {
    const number = portNumber(port, pod)
    if (number === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
  return sortPorts(ports)
}

export function sortPorts<T extends { readonly name?: string | undefined; readonly port?: number | undefined }>(
  ports: readonly T[],
): T[] {
  return [...ports].sort((a, b) => compare(a.name ?? '', b.name ?? '') || (a.port ?? 0) - (b.port ?? 0))
}

/** The same for equal lists of ports: endpoints of one slice, or addresses of one subset, share it. */
export function portsKey(ports: readonly TargetPort[]): string {
  return JSON.stringify(ports.map(({ name, port, protocol, appProtocol }) => [name, protocol, port, appProtocol]))
}

/** By code points: the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function portNumber({ port, targetPort, protocol = 'TCP' }: ServicePort, { spec }: Pod): number | undefined {
  if (targetPort === undefined || targetPort === '' || targetPort === 0) return port
  if (typeof targetPort === 'number') return targetPort
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const container of [...spec.containers, ...sidecars]) {
    const named = container.ports?.find((each) => each.name === targetPort && (each.protocol ?? 'TCP') === protocol)
    if (named) return named.containerPort
  }
  return undefined
}
