import { assert } from '../../testing/contract.js'
import type { ProxyEndpoint, ProxyState, ServicePort } from '../contract.js'
import { clientAddress, type Network, nodeAddress, podAddresses } from './network.js'

export interface KitCase {
  readonly name: string
  /** Left out where the plugin's manifest says that it has not this. */
  readonly needs?: readonly string[]
  run(net: Network): Promise<void>
}

const ip = '10.96.0.10'
const [first = '', second = '', third = ''] = podAddresses
const endpoints = (...addresses: string[]): readonly ProxyEndpoint[] =>
  addresses.map((address) => ({ address, port: 8080, local: true }))

let revision = 0
function stateOf(...services: readonly Partial<ServicePort>[]): ProxyState {
  revision += 1
  return { revision, services: services.map(portOf) }
}

function portOf(part: Partial<ServicePort>): ServicePort {
  const to = part.endpoints ?? endpoints(...podAddresses)
  return {
    key: 'default/web:',
    namespace: 'default',
    service: 'web',
    portName: '',
    protocol: 'TCP',
    clusterIps: [ip],
    port: 80,
    nodePort: 0,
    externalIps: [],
    loadBalancerIps: [],
    affinitySeconds: 0,
    externalLocal: false,
    internalLocal: false,
    endpoints: to,
    externalEndpoints: to,
    ...part,
  }
}

const service = { host: ip, port: 80, times: 12 } as const
const nodePort = { host: nodeAddress, port: 30_080, times: 6 } as const
const askedAt = (answers: readonly string[]) => [...new Set(answers.map((answer) => answer.split(' ')[0]))].sort()
const askedBy = (answers: readonly string[]) => [...new Set(answers.map((answer) => answer.split(' ')[1]))].sort()
const all = [...podAddresses].sort()

/** Rules without what counts packets or changes by itself. */
async function rules(net: Network): Promise<string[]> {
  const saved = await net.onNode('iptables-save')
  return saved
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/\[\d+:\d+\]/, ''))
}

const addressCases: readonly KitCase[] = [
  {
    name: 'a cluster IP reaches all endpoints about evenly',
    async run(net) {
      await (await net.start()).sync(stateOf({}))
      const times = 300
      const answers = await net.client({ ...service, times })
      for (const address of podAddresses) {
        const count = answers.filter((answer) => answer.startsWith(`${address} `)).length
        const deviation = Math.sqrt((times * 1 * 2) / 9)
        assert.ok(Math.abs(count - times / 3) < 4 * deviation, `${address} was asked ${count} times of ${times}`)
      }
    },
  },
  {
    name: 'a cluster IP is reached from outside by way of the node, from Pods and from the node itself',
    async run(net) {
      await (await net.start()).sync(stateOf({ endpoints: endpoints(first), externalEndpoints: endpoints(first) }))
      const answers = await net.client(service)
      assert.equal(askedAt(answers), [first])
      assert.equal(askedBy(answers), ['10.244.0.1'])
      assert.equal(askedAt(await net.host(service)), [first])
      assert.equal(askedAt(await net.pod(service)), [first])
    },
  },
  {
    name: 'a Pod reaches itself through its service',
    async run(net) {
      await (await net.start()).sync(stateOf({ endpoints: endpoints(first) }))
      assert.equal(askedAt(await net.server(service)), [first])
    },
  },
  {
    name: 'a service of UDP answers',
    async run(net) {
      await (await net.start()).sync(stateOf({ protocol: 'UDP' }))
      const answers = await net.client({ ...service, times: 30, protocol: 'UDP' })
      assert.equal(askedAt(answers), all)
    },
  },
  {
    name: 'one address has several ports and protocols',
    async run(net) {
      const named = (portName: string, part: Partial<ServicePort>) => ({ key: `default/web:${portName}`, portName, ...part })
      const life = await net.start()
      await life.sync(
        stateOf(
          named('a', { port: 80, endpoints: endpoints(first), externalEndpoints: endpoints(first) }),
          named('b', { port: 81, endpoints: endpoints(second), externalEndpoints: endpoints(second) }),
          named('u', { port: 80, protocol: 'UDP', endpoints: endpoints(third), externalEndpoints: endpoints(third) }),
        ),
      )
      assert.equal(askedAt(await net.client(service)), [first])
      assert.equal(askedAt(await net.client({ ...service, port: 81 })), [second])
      assert.equal(askedAt(await net.client({ ...service, protocol: 'UDP' })), [third])
    },
  },
  {
    name: 'external and load balancer IPs answer',
    async run(net) {
      await (await net.start()).sync(stateOf({ externalIps: ['198.51.100.7'], loadBalancerIps: ['203.0.113.7'] }))
      assert.equal(askedAt(await net.client({ ...service, host: '198.51.100.7', times: 40 })), all)
      assert.equal(askedAt(await net.client({ ...service, host: '203.0.113.7', times: 40 })), all)
    },
  },
  {
    name: 'a node port answers at the address of the node',
    needs: ['nodePort'],
    async run(net) {
      await (await net.start()).sync(stateOf({ nodePort: 30_080 }))
      const answers = await net.client({ ...nodePort, times: 40 })
      assert.equal(askedAt(answers), all)
      assert.not.ok(askedBy(answers).includes(clientAddress), 'the answer must come back through the node')
      assert.equal(askedAt(await net.pod({ ...nodePort, times: 40 })), all)
    },
  },
  {
    name: 'with the external policy Local a node port keeps the address of the client and goes to endpoints here',
    needs: ['nodePort'],
    async run(net) {
      const local = { nodePort: 30_080, externalLocal: true, externalEndpoints: endpoints(second) }
      await (await net.start()).sync(stateOf(local))
      const answers = await net.client({ ...nodePort, times: 20 })
      assert.equal(askedAt(answers), [second])
      assert.equal(askedBy(answers), [clientAddress])
      assert.equal(askedAt(await net.pod({ ...nodePort, times: 40 })), all, 'Pods may go to any')
    },
  },
  {
    name: 'a client keeps to its endpoint where the service asks for it',
    needs: ['sessionAffinity'],
    async run(net) {
      await (await net.start()).sync(stateOf({ affinitySeconds: 60 }))
      assert.is(askedAt(await net.client({ ...service, times: 30 })).length, 1)
    },
  },
]

const changeCases: readonly KitCase[] = [
  {
    name: 'without endpoints a connection is refused at once',
    async run(net) {
      const life = await net.start()
      await life.sync(stateOf({ endpoints: [], externalEndpoints: [], nodePort: 30_080 }))
      const began = performance.now()
      assert.equal(await net.client({ ...service, times: 1 }), ['ECONNREFUSED'])
      assert.equal(await net.host({ ...service, times: 1 }), ['ECONNREFUSED'])
      assert.equal(await net.pod({ ...service, times: 1 }), ['ECONNREFUSED'])
      assert.equal(await net.client({ ...nodePort, times: 1 }), ['ECONNREFUSED'])
      assert.ok(performance.now() - began < 2000, 'it was left to time out')
      await life.sync(stateOf({ endpoints: endpoints(first), nodePort: 30_080 }))
      assert.equal(askedAt(await net.client(service)), [first])
    },
  },
  {
    name: 'an endpoint that comes is asked, one that goes is not',
    async run(net) {
      const life = await net.start()
      await life.sync(stateOf({ endpoints: endpoints(first) }))
      assert.equal(askedAt(await net.client(service)), [first])
      await life.sync(stateOf({ endpoints: endpoints(first, second) }))
      assert.equal(askedAt(await net.client({ ...service, times: 40 })), [first, second])
      await life.sync(stateOf({ endpoints: endpoints(second) }))
      assert.equal(askedAt(await net.client({ ...service, times: 40 })), [second])
    },
  },
  {
    name: 'a UDP client goes to another endpoint when its own is gone, also from the same port',
    needs: ['udpHandover'],
    async run(net) {
      const life = await net.start()
      const asking = { ...service, times: 3, protocol: 'UDP', from: 40_000 } as const
      await life.sync(stateOf({ protocol: 'UDP', endpoints: endpoints(first) }))
      assert.equal(askedAt(await net.client(asking)), [first])
      await life.sync(stateOf({ protocol: 'UDP', endpoints: endpoints(second) }))
      assert.equal(askedAt(await net.client(asking)), [second])
    },
  },
  {
    name: 'a service that is gone answers no more, and its neighbours do',
    async run(net) {
      const life = await net.start()
      const other = { key: 'default/other:', service: 'other', clusterIps: ['10.96.0.11'] }
      await life.sync(stateOf({}, other))
      await life.sync(stateOf(other))
      assert.equal(askedAt(await net.client({ ...service, host: '10.96.0.11', times: 40 })), all)
      const [gone] = await net.host({ ...service, times: 1 })
      assert.match(gone ?? '', /^E/)
    },
  },
]

const lifeCases: readonly KitCase[] = [
  {
    name: 'traffic goes on while Davit is away, and while the next life takes over',
    async run(net) {
      const life = await net.start()
      await life.sync(stateOf({}))
      await life.end()
      assert.equal(askedAt(await net.client({ ...service, times: 40 })), all)
      const next = await net.start()
      const under = net.client({ ...service, times: 400 })
      for (let count = 0; count < 3; count += 1) await next.sync(stateOf({}, { key: `default/more:${count}`, port: 90 + count }))
      assert.equal(askedAt(await under), all)
    },
  },
  {
    name: 'the next life removes what it does not want any more',
    async run(net) {
      const before = await net.start()
      await before.sync(stateOf({}, { key: 'default/old:', clusterIps: ['10.96.0.12'] }))
      await before.end()
      const after = await net.start()
      await after.sync(stateOf({}))
      const fresh = await rules(net)
      assert.not.ok(fresh.some((line) => line.includes('10.96.0.12') || line.includes('default/old')))
      await after.sync(stateOf({}))
      assert.equal(await rules(net), fresh)
    },
  },
  {
    name: 'cleaning up leaves nothing, leaves what is not its own, and can be done twice or without a sync',
    async run(net) {
      await net.onNode('iptables', '-t', 'nat', '-A', 'PREROUTING', '-d', '192.0.2.9/32', '-j', 'RETURN')
      await net.onNode('iptables', '-N', 'FOREIGN')
      await net.onNode('iptables', '-A', 'FORWARD', '-j', 'FOREIGN')
      const before = (await rules(net)).sort()
      const life = await net.start()
      await life.sync(stateOf({ nodePort: 30_080, affinitySeconds: 5 }, { key: 'default/none:', port: 99, endpoints: [] }))
      assert.ok((await rules(net)).some((line) => line.includes('FOREIGN')))
      await life.cleanup()
      assert.equal((await rules(net)).filter(notEmptyTable).sort(), before.filter(notEmptyTable))
      await life.cleanup()
      await life.end()
      await (await net.start()).cleanup()
      assert.equal((await rules(net)).filter(notEmptyTable).sort(), before.filter(notEmptyTable))
    },
  },
  {
    name: 'works where others drop what is forwarded',
    async run(net) {
      await net.onNode('iptables', '-P', 'FORWARD', 'DROP')
      await (await net.start()).sync(stateOf({}))
      assert.equal(askedAt(await net.client({ ...service, times: 40 })), all)
      assert.equal(askedAt(await net.pod({ ...service, times: 40 })), all)
    },
  },
]

const sharedCases: readonly KitCase[] = [
  ...Object.entries({
    'empties all chains': 'for table in nat filter; do iptables -t $table -F; done',
    'removes all chains': 'for table in nat filter; do iptables -t $table -F; iptables -t $table -X; done',
    'removes one jump to ours': 'iptables -t nat -D PREROUTING 1',
  }).map(
    ([name, script]): KitCase => ({
      name: `when somebody ${name}, all is put back`,
      needs: ['repair'],
      async run(net) {
        const life = await net.start()
        await life.sync(stateOf({ nodePort: 30_080 }, { key: 'default/none:', clusterIps: ['10.96.0.12'], endpoints: [] }))
        const before = await rules(net)
        await net.onNode('sh', '-ec', script)
        assert.not.equal(await rules(net), before)
        const deadline = performance.now() + 15_000
        while ((await rules(net)).join() !== before.join() && performance.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 200))
        assert.equal(await rules(net), before)
        assert.equal(askedAt(await net.client({ ...service, times: 40 })), all)
        await life.end()
      },
    }),
  ),
]

/** Looking at a table makes it, with its built-in chains. */
function notEmptyTable(line: string): boolean {
  return !/^(\*|:[A-Z]+ ACCEPT|COMMIT|$)/.test(line)
}

export const cases: readonly KitCase[] = [...addressCases, ...changeCases, ...lifeCases, ...sharedCases]
