/** Puts into the endpoints of a Service's slices for which zone they are meant, where the Service asks for it. Pure. */
import type { Endpoint, EndpointSlice } from '@davit/core/kinds'
import { type EndpointGroup, identity, type SliceWish } from './slice-plan.js'
import { autoZones, closeZones, type HintMode, type Zones } from './zone-hints.js'
import type { ZoneShares } from './zone-shares.js'

export interface Hinted {
  readonly wish: SliceWish
  /** Of mode `auto`, for each address type: why there are none; undefined where there are some. */
  readonly refusals: ReadonlyMap<string, string | undefined>
}

export function withHints(
  wish: SliceWish,
  mode: HintMode,
  existing: readonly EndpointSlice[],
  shares: () => ZoneShares | undefined,
): Hinted {
  const refusals = new Map<string, string | undefined>()
  const former = mode === 'auto' ? formerZones(existing) : undefined
  const zonesOf = (type: string): Zones => {
    const endpoints = wish.groups.filter(({ addressType }) => addressType === type).flatMap((group) => group.endpoints)
    if (!former) return closeZones(endpoints)
    const dealt = autoZones(endpoints, shares(), (endpoint) => former.get(keyOf(type, endpoint)))
    refusals.set(type, 'refusal' in dealt ? dealt.refusal : undefined)
    return 'refusal' in dealt ? new Map() : dealt.zones
  }
  const byType = new Map(wish.placeholders.map((type) => [type, zonesOf(type)]))
  const groups = wish.groups.map((group): EndpointGroup => {
    const zones = byType.get(group.addressType)
    return { ...group, endpoints: group.endpoints.map((endpoint) => hinted(endpoint, zones?.get(endpoint))) }
  })
  return { wish: { ...wish, groups }, refusals }
}

function hinted(endpoint: Endpoint, zone: string | undefined): Endpoint {
  return zone === undefined ? endpoint : { ...endpoint, hints: { forZones: [{ name: zone }] } }
}

function formerZones(existing: readonly EndpointSlice[]): ReadonlyMap<string, string> {
  const zones = new Map<string, string>()
  for (const { addressType, endpoints } of existing) {
    for (const endpoint of endpoints ?? []) {
      const zone = endpoint.hints?.forZones?.[0]?.name
      if (zone !== undefined) zones.set(keyOf(addressType, endpoint), zone)
    }
  }
  return zones
}

function keyOf(addressType: string, endpoint: Endpoint): string {
  return `${addressType} ${identity(endpoint)}`
}
