/** For the clients of which zone each endpoint is meant, as Kubernetes 1.33 deals them out. Pure. */
import type { Endpoint, Service } from '@davit/core/kinds'
import { oldTopologyAnnotation, topologyAnnotation } from './names.js'
import { compare } from './ports.js'
import type { ZoneShares } from './zone-shares.js'

/** `auto`: in proportion to what the zones can do. `close`: each for its own zone. */
export type HintMode = 'auto' | 'close'
export type Zones = ReadonlyMap<Endpoint, string>
/** Where nobody can be dealt out well nobody is, and all zones share all endpoints; the text says why. */
export type Dealt = { readonly zones: Zones } | { readonly refusal: string }

/** The annotation goes before the field, and its old name before the new one. */
export function hintModeOf({ metadata: { annotations = {} }, spec }: Service): HintMode | undefined {
  const asked = annotations[oldTopologyAnnotation] ?? annotations[topologyAnnotation]
  if (asked === 'Auto' || asked === 'auto') return 'auto'
  return spec.trafficDistribution === 'PreferClose' ? 'close' : undefined
}

export function closeZones(endpoints: readonly Endpoint[]): Zones {
  return new Map(endpoints.flatMap((endpoint) => (isReady(endpoint) && endpoint.zone ? [[endpoint, endpoint.zone]] : [])))
}

/** `before`: the zone for which an endpoint was meant until now. What still serves every zone well enough stays. */
export function autoZones(
  endpoints: readonly Endpoint[],
  shares: ZoneShares | undefined,
  before: (endpoint: Endpoint) => string | undefined,
): Dealt {
  if (!shares) {
    return { refusal: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes' }
  }
  // An informer has its objects in the order in which they changed: that is not to say who is given away.
  const ready = endpoints.filter(isReady).sort((a, b) => compare(a.addresses[0] ?? '', b.addresses[0] ?? ''))
  const numbers = `(${ready.length} endpoints, ${shares.size} zones)`
  if (shares.size > ready.length) return { refusal: `Insufficient number of endpoints ${numbers}` }
  const fewest = [...shares.values()].reduce((sum, share) => sum + atLeast(share, ready.length), 0)
  if (fewest > ready.length) {
    const text = 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold'
    return { refusal: `${text} ${numbers}` }
  }
  const own = new Map(ready.map((endpoint) => [endpoint, endpoint.zone ?? '']))
  if ([...own.values()].includes('')) return { refusal: 'One or more endpoints do not have a zone specified' }
  const known = new Map(ready.map((endpoint) => [endpoint, before(endpoint) ?? '']))
  return { zones: servesAll(known, shares) ? known : dealt(own, shares, before) }
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready === true
}

/** No endpoint is to have more than a fifth above its part of the traffic. */
const overload = 0.2
function atLeast(share: number, endpoints: number): number {
  return Math.ceil(share * endpoints * (1 / (1 + overload)))
}

function servesAll(zones: Zones, shares: ZoneShares): boolean {
  const counted = countOf(zones)
  if ([...counted.keys()].some((zone) => !shares.has(zone))) return false
  return [...shares].every(([zone, share]) => (counted.get(zone) ?? 0) >= atLeast(share, zones.size))
}

function countOf(zones: Zones): Map<string, number> {
  const counted = new Map<string, number>()
  for (const zone of zones.values()) counted.set(zone, (counted.get(zone) ?? 0) + 1)
  return counted
}

/** Each serves its own zone, but for those that zones with too many give to zones with too few. */
function dealt(own: Zones, shares: ZoneShares, before: (endpoint: Endpoint) => string | undefined): Zones {
  const { giving, receiving } = exchange(countOf(own), shares, own.size)
  const zones = new Map(own)
  const give = (endpoint: Endpoint, from: string, to: string): void => {
    zones.set(endpoint, to)
    giving.set(from, (giving.get(from) ?? 0) - 1)
    receiving.set(to, (receiving.get(to) ?? 0) - 1)
  }
  const gives = (zone: string): boolean => (giving.get(zone) ?? 0) > 0
  // Those who were given before come first: their slices need no write.
  for (const [endpoint, zone] of own) {
    const former = before(endpoint)
    if (former !== undefined && former !== zone && gives(zone) && (receiving.get(former) ?? 0) > 0) give(endpoint, zone, former)
  }
  for (const [endpoint, zone] of own) {
    const [to, number] = mostOf(receiving)
    if (zones.get(endpoint) === zone && gives(zone) && number > 0) give(endpoint, zone, to)
  }
  return zones
}

/** How many each zone gives and gets: one after the other from who has the most to spare to who lacks the most. */
function exchange(counted: ReadonlyMap<string, number>, shares: ZoneShares, endpoints: number) {
  const [spare, lack] = [new Map<string, number>(), new Map<string, number>()]
  for (const zone of new Set([...shares.keys(), ...counted.keys()])) {
    const share = shares.get(zone)
    const target = share === undefined ? 0 : Math.max(share * endpoints, atLeast(share, endpoints))
    const surplus = (counted.get(zone) ?? 0) - target
    if (surplus > 0) spare.set(zone, surplus)
    else if (surplus < 0) lack.set(zone, -surplus)
  }
  const [giving, receiving] = [new Map<string, number>(), new Map<string, number>()]
  for (;;) {
    const [from, tooMany] = mostOf(spare)
    const [to, tooFew] = mostOf(lack)
    // Less than half an endpoint on either side is as well as it gets.
    if (tooMany < 0.5 || tooFew < 0.5 || tooMany + tooFew < 1) return { giving, receiving }
    for (const [zones, zone, by] of [
      [giving, from, 1],
      [receiving, to, 1],
      [spare, from, -1],
      [lack, to, -1],
    ] as const) {
      zones.set(zone, (zones.get(zone) ?? 0) + by)
    }
  }
}

/** Of equals the first by name: the same on every machine. */
function mostOf(zones: ReadonlyMap<string, number>): readonly [zone: string, number: number] {
  let most: readonly [string, number] = ['', 0]
  for (const each of zones) if (each[1] > most[1] || (each[1] === most[1] && each[0] < most[0])) most = each
  return most
}
