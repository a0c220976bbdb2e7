/**
 * Cluster IPs and node ports of services: filled in before a service is written, claimed in its transaction, given back
 * by the one that deletes it or changes its type.
 */
import { ApiError } from '../client/contract.js'
import { type Clock, DavitError, type Ids, type Random } from '../kernel/contract.js'
import type { FieldError, KubeObject, Service, ServiceSpec } from '../kinds/contract.js'
import type { Compare, Entry, Key, Operation, Store } from '../store/contract.js'
import { addressKey, addressObject } from './address-objects.js'
import { parseRange } from './address-range.js'
import { allocationPrefix, createPool, followPools, learnTaken, type Pool } from './allocators.js'
import { settleFamilies } from './service-families.js'

/** What a service's write brings into its transaction. Exactly one of `keep` and `drop` counts: the first that is called. */
export interface Claim {
  readonly compare: readonly Compare[]
  readonly operations: readonly Operation[]
  /** The transaction is committed. */
  keep(): void
  /** It is not, or the write was given up. After `keep`: nothing. */
  drop(): void
}

export interface ServiceAllocations {
  /** Fills in what the service lacks, changing `object`. 422 for a number that is taken or outside. */
  forCreate(object: KubeObject, options: { readonly dryRun: boolean }): Claim
  forUpdate(object: KubeObject, old: KubeObject): Claim
  forDelete(object: KubeObject): Claim
  /** What stands in the store, from the answer to a lost race. */
  learn(current: ReadonlyMap<Key, Entry | undefined>): void
  /** Reads the store, then follows it. Called once, before the first request. */
  open(): Promise<void>
  close(): void
}

export interface AllocationOptions {
  readonly serviceCidr: string
  readonly nodePortRange: { readonly from: number; readonly to: number }
}

const nothing = (): void => undefined
export const noClaim: Claim = { compare: [], operations: [], keep: nothing, drop: nothing }

export function createServiceAllocations(
  store: Store,
  services: { readonly clock: Clock; readonly random: Random; readonly ids: Ids },
  options: AllocationOptions,
): ServiceAllocations {
  const { clock, random } = services
  const range = parseRange(options.serviceCidr)
  const { from, to } = options.nodePortRange
  if (to < from) throw new DavitError('DAVIT_CONFIG_INVALID', `nodePortRange: ${from}-${to} holds no port`)
  const ports = to - from + 1
  const addressPool = createPool({
    prefix: `${allocationPrefix}clusterip/`,
    size: range.size,
    low: band(range.size, 16, 256),
    name: range.address,
    index: range.index,
  })
  const portPool = createPool({
    prefix: `${allocationPrefix}nodeport/`,
    size: ports,
    low: band(ports, 32, 128),
    name: (index) => String(from + index),
    index: (name) => (/^\d+$/.test(name) && Number(name) >= from && Number(name) <= to ? Number(name) - from : undefined),
  })
  const pools = [addressPool, portPool]
  const limits = { addresses: range.text, ports: `${from}-${to}` }
  let following: { close(): void } | undefined

  const claimFor = (service: Service, old: Service | undefined): Claim => {
    const draft = new Draft(service, random, limits)
    try {
      draft.address(addressPool, old && addressOf(old), (address) => addressObject(services, address, service.metadata))
      draft.ports(portPool, old ? portsOf(old) : [])
    } catch (error) {
      draft.drop()
      throw error
    }
    return draft
  }
  return {
    forCreate: (object) => claimFor(object as Service, undefined),
    forUpdate: (object, old) => claimFor(object as Service, old as Service),
    forDelete: (object) => released(object as Service, [addressPool, portPool]),
    learn: (current) => learnTaken(pools, current),
    async open() {
      following = await followPools(store, clock, pools)
    },
    close: () => following?.close(),
  }
}

/** How much at the low end is left to those who choose their own: a share of the range, 16 at least. */
function band(size: number, share: number, most: number): number {
  return size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / share)), most)
}

/** The cluster IP that a service holds, undefined for none. */
function addressOf(service: Service): string | undefined {
  const { clusterIP } = service.spec ?? {}
  return clusterIP && clusterIP !== 'None' ? clusterIP : undefined
}

function portsOf(service: Service): number[] {
  const spec = service.spec ?? {}
  const held = (spec.ports ?? []).map((port) => port.nodePort ?? 0)
  return [...new Set([...held, spec.healthCheckNodePort ?? 0].filter((port) => port !== 0))]
}

function released(service: Service, [addresses, ports]: readonly [Pool, Pool]): Claim {
  const address = addressOf(service)
  const names = [
    ...(address === undefined ? [] : [{ pool: addresses, name: address }]),
    ...portsOf(service).map((port) => ({ pool: ports, name: String(port) })),
  ]
  const operations = names.map(({ pool, name }): Operation => ({ type: 'delete', key: pool.prefix + name }))
  if (address !== undefined) operations.push({ type: 'delete', key: addressKey(address) })
  const keep = (): void => {
    for (const { pool, name } of names) {
      const index = pool.index(name)
      if (index !== undefined) pool.mark(index, false)
    }
  }
  return { compare: [], operations, keep, drop: nothing }
}

/** A claim while it is put together. */
class Draft implements Claim {
  readonly compare: Compare[] = []
  readonly operations: Operation[] = []
  readonly #service: Service
  readonly #spec: ServiceSpec
  readonly #random: Random
  readonly #limits: { readonly addresses: string; readonly ports: string }
  readonly #value: Uint8Array
  #taken: { readonly pool: Pool; readonly index: number }[] = []
  #freed: { readonly pool: Pool; readonly index: number }[] = []

  constructor(service: Service, random: Random, limits: { readonly addresses: string; readonly ports: string }) {
    this.#service = service
    this.#spec = service.spec ?? {}
    this.#random = random
    this.#limits = limits
    const { namespace, name } = service.metadata
    this.#value = Buffer.from(JSON.stringify({ namespace, name }))
    if (!service.spec) service.spec = this.#spec
  }

  /** `shown`: the object that shows a new address, as it is stored. */
  address(pool: Pool, held: string | undefined, shown: (address: string) => Uint8Array): void {
    const spec = this.#spec
    if (spec.type === 'ExternalName') {
      delete spec.clusterIP
      delete spec.clusterIPs
      delete spec.ipFamilies
      delete spec.ipFamilyPolicy
    } else {
      const errors = settleFamilies(spec)
      if (errors.length > 0) throw this.#invalid(errors)
      const wanted = spec.clusterIP || spec.clusterIPs?.[0] || ''
      if (wanted === 'None') spec.clusterIP = 'None'
      else if (wanted === '') spec.clusterIP = this.#next(pool, 'spec.clusterIPs', 'range is full')
      else spec.clusterIP = wanted === held ? held : this.#chosenAddress(pool, wanted)
      spec.clusterIPs = [spec.clusterIP]
    }
    if (held === spec.clusterIP) return
    if (held !== undefined) {
      this.#free(pool, held)
      this.operations.push({ type: 'delete', key: addressKey(held) })
    }
    const { clusterIP } = spec
    if (clusterIP === undefined || clusterIP === 'None') return
    this.operations.push({ type: 'put', key: addressKey(clusterIP), value: shown(clusterIP) })
  }

  ports(pool: Pool, held: readonly number[]): void {
    const spec = this.#spec
    const listed = spec.ports ?? []
    const wants = spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
    const mine = new Set<number>()
    const byPort = new Map<string, number>()
    const claim = (port: number, field: string): void => {
      if (!mine.has(port) && !held.includes(port)) this.#chosenPort(pool, port, field)
      mine.add(port)
    }
    listed.forEach((port, index) => {
      if (!port.nodePort) return
      claim(port.nodePort, `spec.ports[${index}].nodePort`)
      byPort.set(`${port.port}/${port.protocol}`, port.nodePort)
    })
    if (wants) {
      for (const port of listed) {
        if (port.nodePort) continue
        const shared = sameNumber(byPort, port.port, port.protocol ?? 'TCP')
        port.nodePort = shared ?? Number(this.#next(pool, 'spec.ports', 'range is full'))
        mine.add(port.nodePort)
        byPort.set(`${port.port}/${port.protocol}`, port.nodePort)
      }
    }
    if (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') {
      if (spec.healthCheckNodePort) claim(spec.healthCheckNodePort, 'spec.healthCheckNodePort')
      else spec.healthCheckNodePort = Number(this.#next(pool, 'spec.healthCheckNodePort', 'range is full'))
      mine.add(spec.healthCheckNodePort ?? 0)
    } else if (spec.healthCheckNodePort) delete spec.healthCheckNodePort
    for (const port of held) if (!mine.has(port)) this.#free(pool, String(port))
  }

  #chosenAddress(pool: Pool, address: string): string {
    const index = pool.index(address)
    const text = `Invalid value: ["${address}"]: failed to allocate IP ${address}: `
    if (index === undefined) {
      const range = `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.#limits.addresses}`
      throw this.#refused('spec.clusterIPs', text + range)
    }
    if (pool.isTaken(index)) throw this.#refused('spec.clusterIPs', `${text}provided IP is already allocated`)
    this.#take(pool, index)
    return address
  }

  #chosenPort(pool: Pool, port: number, field: string): void {
    const index = pool.index(String(port))
    const text = `Invalid value: ${port}: provided port is `
    if (index === undefined) {
      throw this.#refused(field, `${text}not in the valid range. The range of valid ports is ${this.#limits.ports}`)
    }
    if (pool.isTaken(index)) throw this.#refused(field, `${text}already allocated`)
    this.#take(pool, index)
  }

  #next(pool: Pool, field: string, full: string): string {
    const index = pool.pick(this.#random)
    if (index === undefined) throw ApiError.internal(new Error(`failed to allocate ${field}: ${full}`))
    this.#take(pool, index)
    return pool.name(index)
  }

  #take(pool: Pool, index: number): void {
    pool.reserve(index)
    this.#taken.push({ pool, index })
    const key = pool.prefix + pool.name(index)
    this.compare.push({ key, revision: 0 })
    this.operations.push({ type: 'put', key, value: this.#value })
  }

  #free(pool: Pool, name: string): void {
    this.operations.push({ type: 'delete', key: pool.prefix + name })
    const index = pool.index(name)
    if (index !== undefined) this.#freed.push({ pool, index })
  }

  #refused(field: string, message: string): ApiError {
    return this.#invalid([{ reason: 'FieldValueInvalid', field, message }])
  }

  #invalid(errors: readonly FieldError[]): ApiError {
    return ApiError.invalid({ group: '', kind: 'Service' }, this.#service.metadata.name, errors)
  }

  keep(): void {
    for (const { pool, index } of this.#taken) pool.mark(index, true)
    for (const { pool, index } of this.#freed) pool.mark(index, false)
    this.drop()
  }

  drop(): void {
    for (const { pool, index } of this.#taken) pool.release(index)
    this.#taken = []
    this.#freed = []
  }
}

/** TCP and UDP on one port share the node port. */
function sameNumber(byPort: ReadonlyMap<string, number>, port: number, protocol: string): number | undefined {
  if (byPort.has(`${port}/${protocol}`)) return undefined
  for (const other of ['TCP', 'UDP', 'SCTP']) {
    const found = byPort.get(`${port}/${other}`)
    if (found !== undefined) return found
  }
  return undefined
}
