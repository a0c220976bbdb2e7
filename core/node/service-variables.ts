import type { Service } from '../kinds/contract.js'

/** The variables by which a container finds the services that were there before it. */
export function serviceVariables(services: readonly Service[], namespace: string, links: boolean): Map<string, string> {
  const variables = new Map<string, string>()
  for (const service of services) {
    const { name, namespace: home } = service.metadata
    const isApi = name === 'kubernetes' && home === 'default'
    if (!isApi && (!links || home !== namespace)) continue
    const { clusterIP, ports = [] } = service.spec
    if (!clusterIP || clusterIP === 'None' || ports.length === 0) continue
    addService(variables, name.toUpperCase().replaceAll('-', '_'), clusterIP, ports)
  }
  return variables
}

function addService(
  variables: Map<string, string>,
  prefix: string,
  ip: string,
  ports: NonNullable<Service['spec']['ports']>,
): void {
  variables.set(`${prefix}_SERVICE_HOST`, ip)
  ports.forEach((port, index) => {
    const protocol = port.protocol ?? 'TCP'
    const url = `${protocol.toLowerCase()}://${ip.includes(':') ? `[${ip}]` : ip}:${port.port}`
    if (index === 0) {
      variables.set(`${prefix}_SERVICE_PORT`, String(port.port))
      variables.set(`${prefix}_PORT`, url)
    }
    if (port.name) variables.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port))
    const long = `${prefix}_PORT_${port.port}_${protocol}`
    variables.set(long, url)
    variables.set(`${long}_PROTO`, protocol.toLowerCase())
    variables.set(`${long}_PORT`, String(port.port))
    variables.set(`${long}_ADDR`, ip)
  })
}
