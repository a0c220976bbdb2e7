/**
 * UDP has no end of a connection: the kernel goes on sending a client's packets to where it once sent them, also when
 * that endpoint is gone. So what it remembers of removed endpoints must be deleted. Pure.
 */
import type { ProxyState, ServicePort } from '@davit/core/proxy'

/** Arguments of `conntrack` for each removed endpoint and each address that led to it. */
export function staleFlows(before: ProxyState, after: ProxyState): string[][] {
  const present = new Map(after.services.map((service) => [service.key, service]))
  return before.services.flatMap((old) => {
    const now = present.get(old.key)
    return old.protocol === 'UDP' && now !== old ? staleOf(old, now) : []
  })
}

function staleOf(old: ServicePort, now: ServicePort | undefined): string[][] {
  const left = new Set(now?.protocol === 'UDP' ? addressesOf(now) : [])
  const gone = addressesOf(old).filter((address) => !left.has(address))
  const destinations = [...old.clusterIps, ...old.externalIps, ...old.loadBalancerIps].map((ip) => [
    ...['--orig-dst', ip],
    ...['--orig-port-dst', String(old.port)],
  ])
  if (old.nodePort > 0) destinations.push(['--orig-port-dst', String(old.nodePort)])
  return gone.flatMap((address) => destinations.map((destination) => ['-D', '-p', 'udp', ...destination, '--dst-nat', address]))
}

function addressesOf({ endpoints, externalEndpoints }: ServicePort): string[] {
  return [...new Set([...endpoints, ...externalEndpoints].map(({ address }) => address))].filter(
    (address) => !address.includes(':'),
  )
}
