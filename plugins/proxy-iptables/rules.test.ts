import type { ProxyEndpoint, ServicePort } from '@davit/core/proxy'
import { assert, suite } from '@davit/core/testing'
import { isOfService, ownChain, type RuleOptions, rulesOf } from './rules.js'

const options: RuleOptions = { clusterCidr: '10.244.0.0/16', addresses: [], masqueradeAll: false, masqueradeBit: 17 }
const one: ProxyEndpoint = { address: '10.244.0.1', port: 8080, local: true }
const two: ProxyEndpoint = { address: '10.244.0.2', port: 8080, local: false }

function port(part: Partial<ServicePort> = {}): ServicePort {
  const endpoints = part.endpoints ?? [one, two]
  return {
    key: 'default/web:http',
    namespace: 'default',
    service: 'web',
    portName: 'http',
    protocol: 'TCP',
    clusterIps: ['10.96.0.10'],
    port: 80,
    nodePort: 0,
    externalIps: [],
    loadBalancerIps: [],
    affinitySeconds: 0,
    externalLocal: false,
    internalLocal: false,
    endpoints,
    externalEndpoints: endpoints,
    ...part,
  }
}

/** The rules of the chains that differ from those of a cluster without services; hashes shortened to "#". */
function rules(services: readonly ServicePort[], more: Partial<RuleOptions> = {}): Record<string, string[]> {
  const all = { ...options, ...more }
  const [set, empty] = [services, []].map((list) => rulesOf({ revision: 1, services: list }, all))
  const plain = (text: string) => text.replace(/[0-9A-F]{16}/g, '#').replace(/ -m comment --comment "[^"]*"/g, '')
  const shown: Record<string, string[]> = {}
  for (const table of ['nat', 'filter'] as const) {
    for (const [chain, list] of set?.[table] ?? []) {
      const before = empty?.[table].get(chain)
      if (JSON.stringify(before) !== JSON.stringify(list)) shown[plain(chain)] = list.map(plain)
    }
  }
  return shown
}

const tcp = '-p tcp -m tcp'
const web = '-d 10.96.0.10/32'
const half = '-m statistic --mode random --probability 0.5000000000'
const balanced = [`${half} ${tcp} -j DNAT --to-destination 10.244.0.1:8080`, `${tcp} -j DNAT --to-destination 10.244.0.2:8080`]
const hairpin = ['-s 10.244.0.1/32 -d 10.244.0.1/32 -j MASQUERADE']
const refuse = '-j REJECT --reject-with icmp-port-unreachable'
const standing = '-m conntrack ! --ctstate NEW -j RETURN'
const inside = { 'DAVIT-SVC-#-I': balanced, 'DAVIT-HAIRPIN': hairpin }
const clusterEntries = [
  `${web} ! -s 10.244.0.0/16 ${tcp} --dport 80 -j DAVIT-MASQUERADE`,
  `${web} ${tcp} --dport 80 -j DAVIT-SVC-#-I`,
]
const nodePorts = '! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL'

const golden = suite('rules')
golden('without services there are only the chains that are always there', () => {
  const { nat, filter } = rulesOf({ revision: 0, services: [] }, options)
  assert.equal(Object.fromEntries([...nat, ...filter]), {
    'DAVIT-SERVICES': [],
    'DAVIT-NODEPORTS': [],
    'DAVIT-MASQUERADE': ['-j MARK --or-mark 0x20000'],
    'DAVIT-HAIRPIN': [],
    'DAVIT-POSTROUTING': [
      '-j DAVIT-HAIRPIN',
      '-m mark ! --mark 0x20000/0x20000 -j RETURN',
      '-j MARK --xor-mark 0x20000',
      '-j MASQUERADE',
    ],
    'DAVIT-REJECT': [],
    'DAVIT-FORWARD': [
      '-j DAVIT-REJECT',
      '-m mark --mark 0x20000/0x20000 -j ACCEPT',
      '-s 10.244.0.0/16 -j ACCEPT',
      '-d 10.244.0.0/16 -j ACCEPT',
    ],
  })
})
golden('a cluster IP', () => assert.equal(rules([port()]), { ...inside, 'DAVIT-SERVICES': clusterEntries }))
golden('masquerading all', () => {
  const [first] = rules([port()], { masqueradeAll: true })['DAVIT-SERVICES'] ?? []
  assert.is(first, `${web} ${tcp} --dport 80 -j DAVIT-MASQUERADE`)
})
golden('another bit of the mark', () => {
  const { nat } = rulesOf({ revision: 0, services: [] }, { ...options, masqueradeBit: 31 })
  assert.equal(nat.get('DAVIT-MASQUERADE'), ['-j MARK --or-mark 0x80000000'])
})
golden('without endpoints', () => {
  assert.equal(rules([port({ endpoints: [], nodePort: 30_080, externalIps: ['198.51.100.1'] })]), {
    'DAVIT-REJECT': [
      standing,
      `${web} ${tcp} --dport 80 ${refuse}`,
      `-d 198.51.100.1/32 ${tcp} --dport 80 ${refuse}`,
      `${nodePorts} ${tcp} --dport 30080 ${refuse}`,
    ],
  })
})
golden('a node port', () => {
  assert.equal(rules([port({ nodePort: 30_080 })]), {
    ...inside,
    'DAVIT-SERVICES': [...clusterEntries, `${nodePorts} -j DAVIT-NODEPORTS`],
    'DAVIT-NODEPORTS': [`${tcp} --dport 30080 -j DAVIT-MASQUERADE`, `${tcp} --dport 30080 -j DAVIT-SVC-#-I`],
  })
})
golden('node ports at chosen addresses', () => {
  const { 'DAVIT-SERVICES': found = [] } = rules([port({ nodePort: 30_080 })], {
    addresses: ['192.0.2.1', 'fd00::1', '192.0.2.2'],
  })
  assert.equal(found.slice(2), ['-d 192.0.2.1/32 -j DAVIT-NODEPORTS', '-d 192.0.2.2/32 -j DAVIT-NODEPORTS'])
})
golden('the external policy Local: insiders go anywhere, outsiders stay here and keep their address', () => {
  assert.equal(rules([port({ nodePort: 30_080, externalLocal: true, externalEndpoints: [one] })]), {
    ...inside,
    'DAVIT-SERVICES': [...clusterEntries, `${nodePorts} -j DAVIT-NODEPORTS`],
    'DAVIT-NODEPORTS': [`${tcp} --dport 30080 -j DAVIT-SVC-#-E`],
    'DAVIT-SVC-#-E': [
      '-s 10.244.0.0/16 -j DAVIT-SVC-#-I',
      '-m addrtype --src-type LOCAL -j DAVIT-MASQUERADE',
      '-m addrtype --src-type LOCAL -j DAVIT-SVC-#-I',
      `${tcp} -j DNAT --to-destination 10.244.0.1:8080`,
    ],
  })
})
golden('the external policy Local without an endpoint here: outsiders are refused', () => {
  const found = rules([port({ nodePort: 30_080, externalLocal: true, externalEndpoints: [] })])
  assert.equal(found['DAVIT-REJECT'], [standing, `${nodePorts} ${tcp} --dport 30080 ${refuse}`])
  assert.is(found['DAVIT-SVC-#-E']?.length, 3)
})
golden('the internal policy Local: outsiders go anywhere', () => {
  const found = rules([
    port({ loadBalancerIps: ['203.0.113.1'], internalLocal: true, endpoints: [one], externalEndpoints: [one, two] }),
  ])
  assert.equal(found['DAVIT-SVC-#-E'], balanced)
  assert.equal(found['DAVIT-SERVICES']?.slice(2), [
    `-d 203.0.113.1/32 ${tcp} --dport 80 -j DAVIT-MASQUERADE`,
    `-d 203.0.113.1/32 ${tcp} --dport 80 -j DAVIT-SVC-#-E`,
  ])
})
golden('affinity: who was here before goes there again', () => {
  const list = '-m recent --name DAVIT-#'
  assert.equal(rules([port({ affinitySeconds: 60 })])['DAVIT-SVC-#-I'], [
    `${list} --update --seconds 60 --reap ${tcp} -j DNAT --to-destination 10.244.0.1:8080`,
    `${list} --update --seconds 60 --reap ${tcp} -j DNAT --to-destination 10.244.0.2:8080`,
    `${half} ${list} --set ${tcp} -j DNAT --to-destination 10.244.0.1:8080`,
    `${list} --set ${tcp} -j DNAT --to-destination 10.244.0.2:8080`,
  ])
})
golden('addresses of the other family are left out', () => {
  const six: ProxyEndpoint = { address: 'fd00::2', port: 8080, local: true }
  const both = port({ clusterIps: ['10.96.0.10', 'fd00::10'], endpoints: [one, two, six], externalIps: ['fd00::99'] })
  assert.equal(rules([both]), { ...inside, 'DAVIT-SERVICES': clusterEntries })
  assert.equal(rules([port({ endpoints: [six] })])['DAVIT-REJECT'], [standing, `${web} ${tcp} --dport 80 ${refuse}`])
})
golden('the comment says whose rule it is', () => {
  const { nat } = rulesOf({ revision: 1, services: [port()] }, options)
  for (const rule of nat.get('DAVIT-SERVICES') ?? []) assert.match(rule, '--comment "default/web:http"')
})
golden('every chain has a name that is its own, and room in the kernel', () => {
  const services = [
    port({ nodePort: 1, externalLocal: true }),
    port({ protocol: 'UDP' }),
    port({ protocol: 'SCTP', key: 'a/b:' }),
  ]
  const { nat, filter } = rulesOf({ revision: 1, services }, options)
  for (const chain of [...nat.keys(), ...filter.keys()]) {
    assert.match(chain, ownChain)
    assert.ok(chain.length <= 28)
  }
  assert.is([...nat.keys()].filter(isOfService).length, 4)
  for (const foreign of ['DAVIT-CNI-x', 'DAVIT-SVC-', 'KUBE-SERVICES', 'XDAVIT-SERVICES']) assert.not.match(foreign, ownChain)
})
golden('what a service needs is made once', () => {
  const rendering = new WeakMap()
  const [same, other] = [port(), port({ key: 'default/other:' })]
  const first = rulesOf({ revision: 1, services: [same] }, options, rendering)
  const second = rulesOf({ revision: 2, services: [same, other] }, options, rendering)
  const [chain = ''] = [...first.nat.keys()].filter(isOfService)
  assert.is(second.nat.get(chain), first.nat.get(chain))
})
