/**
 * The conformance kit for Pod networks, on real namespaces and with real traffic. The factory is called once for each life
 * of a node: drivers that share nothing in memory must find the same links.
 */
import { networkInterfaces } from 'node:os'
import * as assert from '../../testing/assert.js'
import { suite } from '../../testing/contract.js'
import type { NetworkSandbox, PortMapping, RuntimeError } from '../contract.js'
import type { KitOptions } from './bench.js'
import { ipOf, type NetworkBench, type NetworkSubject, tool, withNetwork } from './network-bench.js'

export function networkKit(name: string, factory: () => NetworkSubject, options: KitOptions = {}): void {
  const { supports } = factory().driver
  const test = suite(`network ${name}`)
  for (const item of cases) {
    if (!(item.needs ?? []).every((capability) => supports[capability])) continue
    test(item.name, (t) => withNetwork(t, factory, item.run), {
      timeoutMs: options.timeoutMs ?? 30_000,
      ...(options.requires ? { requires: options.requires } : {}),
    })
  }
}

interface Case {
  readonly name: string
  readonly needs?: readonly string[]
  run(bench: NetworkBench): Promise<void>
}

const port = 8080
const hostPort = 24_000 + (process.pid % 5_000)

function published(at: number, hostIp = ''): readonly PortMapping[] {
  return [{ containerPort: port, hostPort: at, hostIp, protocol: 'TCP' }]
}

async function refused(work: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = (await assert.rejects(work)) as RuntimeError
  assert.is(error.problem, 'FailedCreatePodSandBox')
  assert.match(error.message, pattern)
}

const cases: readonly Case[] = [
  {
    name: 'says whether it can be used here, and neither that nor opening a node makes anything',
    async run({ traces, driver, node }) {
      const before = await traces()
      const answer = await driver.probe()
      assert.is(answer.usable, true, answer.usable ? '' : answer.reason)
      await node({ podCidrs: ['10.183.99.0/24'] })
      assert.equal(await traces(), before)
    },
  },
  {
    name: "a sandbox has an address of the node's range, the same however often and at once it is asked for",
    async run({ network, sandbox }) {
      const own = await sandbox()
      const all = await Promise.all([network.attach(own), network.attach(own), network.attach(own)])
      const [first] = all
      assert.match(ipOf(first), /^10\.183\.7\.\d+$/)
      assert.is(first?.id, own.id)
      for (const other of [...all, await network.attach(own)]) assert.equal(other, first)
      const inside = await tool('nsenter', [`--net=${own.namespace}`, 'ip', '-4', '-o', 'addr'])
      assert.is(inside.trim().split('\n').length, 2, 'its own loopback and one card')
      assert.match(inside, ipOf(first))
    },
  },
  {
    name: 'ten sandboxes at once have ten addresses; let go of twice and more, they are free again',
    async run({ network, sandbox }) {
      const all = await Promise.all(Array.from({ length: 10 }, () => sandbox()))
      for (let turn = 0; turn < 2; turn += 1) {
        const made = await Promise.all(all.map((each) => network.attach(each)))
        assert.is(new Set(made.map(ipOf)).size, 10)
        await Promise.all([...all, ...all].map(({ id }) => network.detach(id)))
      }
      await network.detach('never-attached')
    },
  },
  {
    name: 'a sandbox whose namespace went first is let go of all the same',
    async run({ traces, network, attached, end }) {
      const before = await traces()
      const own = await attached()
      await end(own)
      await network.detach(own.id)
      await network.detach(own.id)
      const left = (await traces()).filter((each) => !before.includes(each) && each.includes(own.ip))
      assert.equal(left, [])
    },
  },
  {
    name: 'a range that is used up is said so, and one that is let go of is given again',
    async run({ node, sandbox }) {
      const tiny = await node({ podCidrs: ['10.183.8.0/29'] })
      const all = await Promise.all(Array.from({ length: 6 }, () => sandbox()))
      const last = all.pop() as NetworkSandbox
      const made = await Promise.all(all.map((each) => tiny.attach(each)))
      await refused(tiny.attach(last), /all 5 addresses of 10\.183\.8\.0\/29 are in use/)
      await tiny.detach(all[2]?.id ?? '')
      assert.is(ipOf(await tiny.attach(last)), ipOf(made[2]))
    },
  },
  {
    name: 'another life finds what is attached, and lets go of what runs no more',
    async run({ network, sandbox, again, serve, ask }) {
      const all = await Promise.all([sandbox(), sandbox(), sandbox()])
      const before = await Promise.all(all.map((each) => network.attach(each)))
      await network.close()
      const [kept, same, gone] = all as [NetworkSandbox, NetworkSandbox, NetworkSandbox]
      const life = await again()
      const unknown = await sandbox()
      const adopted = await life.adopt([kept, same, unknown])
      assert.equal(
        [...adopted].sort((a, b) => all.findIndex(({ id }) => id === a.id) - all.findIndex(({ id }) => id === b.id)),
        before.slice(0, 2),
      )
      assert.equal(await life.attach(kept), before[0])
      assert.is((await tool('nsenter', [`--net=${gone.namespace}`, 'ip', '-4', '-o', 'addr'])).includes(ipOf(before[2])), false)
      await serve(port, kept)
      assert.is(await ask(same, ipOf(before[0]), port), ipOf(before[1]))
      const third = await again()
      await third.detach(kept.id)
      assert.is(await ask(same, ipOf(before[0]), port), undefined, 'let go of by a life that never adopted it')
    },
  },
  {
    name: 'nodes of clusters that know nothing of each other share a range without sharing an address',
    async run({ network, sandbox, node, context, ask, serve }) {
      const other = await node({ directory: `${context.directory}-of-another` })
      const all = await Promise.all(Array.from({ length: 8 }, () => sandbox()))
      const made = await Promise.all(all.map((each, index) => (index % 2 ? other : network).attach(each)))
      assert.is(new Set(made.map(ipOf)).size, 8)
      await network.adopt([])
      await serve(port, all[1])
      assert.is(await ask(all[3], ipOf(made[1]), port), ipOf(made[3]), 'what one lets go of is its own')
    },
  },
  {
    name: 'a Pod reaches Pods, itself and its node, and its node it, each by its own address',
    async run({ attached, serve, ask }) {
      const [one, two] = [await attached(), await attached()]
      await Promise.all([serve(port, one), serve(hostPort)])
      assert.is(await ask(two, one.ip, port), two.ip)
      assert.is(await ask(one, one.ip, port), one.ip)
      assert.is(await ask(one, '127.0.0.1', port), '127.0.0.1', 'its loopback is up')
      assert.is(await ask(undefined, one.ip, port), '10.183.7.1')
      assert.is(await ask(one, '10.183.7.1', hostPort), one.ip)
    },
  },
  {
    name: 'Pods of two nodes of this machine reach each other by their own addresses',
    async run({ attached, node, sandbox, serve, ask }) {
      const other = await node({ nodeName: 'kit-2', podCidrs: ['10.183.9.0/24'] })
      const there = await sandbox()
      const ip = ipOf(await other.attach(there))
      const here = await attached()
      await Promise.all([serve(port, there), serve(port, here)])
      assert.is(await ask(here, ip, port), here.ip)
      assert.is(await ask(there, here.ip, port), ip)
    },
  },
  {
    name: "what leaves the cluster has the node's address",
    needs: ['masquerade'],
    async run({ attached, sandbox, serve, ask }) {
      const outside = await sandbox()
      const link = `kit-out-${process.pid % 100_000}`
      await tool('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.namespace])
      await tool('ip', ['addr', 'add', '198.51.100.1/24', 'dev', link])
      await tool('ip', ['link', 'set', link, 'up'])
      const inside = ['ip link set lo up', 'ip addr add 198.51.100.2/24 dev eth0', 'ip link set eth0 up'].join(' && ')
      await tool('nsenter', [`--net=${outside.namespace}`, 'sh', '-c', inside])
      const own = await attached()
      await serve(port, outside)
      assert.is(await ask(own, '198.51.100.2', port), '198.51.100.1')
    },
  },
  {
    name: 'a host port leads to its Pod from the machine, by each of its addresses, from Pods and from the Pod itself',
    needs: ['hostPorts'],
    async run({ network, attached, serve, ask }) {
      const one = await attached({ portMappings: published(hostPort) })
      const two = await attached()
      await serve(port, one)
      const outer = Object.values(networkInterfaces())
        .flat()
        .find((item) => item?.family === 'IPv4' && !item.internal && !item.address.startsWith('10.183.'))?.address
      for (const host of ['127.0.0.1', '10.183.7.1', ...(outer ? [outer] : [])]) {
        assert.ok(await ask(undefined, host, hostPort), `from the machine at ${host}`)
      }
      assert.is(await ask(two, '10.183.7.1', hostPort), two.ip)
      assert.ok(await ask(one, '10.183.7.1', hostPort), 'from itself')
      await network.detach(one.id)
      assert.is(await ask(undefined, '127.0.0.1', hostPort), undefined)
    },
  },
  {
    name: 'a host port of another Pod of any node is refused, and nothing is left of who wanted it; at another address it is free',
    needs: ['hostPorts'],
    async run({ traces, network, node, sandbox, attached }) {
      const one = await attached({ portMappings: published(hostPort, '127.0.0.1') })
      const other = await node({ nodeName: 'kit-2', podCidrs: ['10.183.9.0/24'] })
      await other.attach(await sandbox())
      const before = await traces()
      const wanting = await sandbox({ portMappings: published(hostPort) })
      for (const each of [network, other]) await refused(each.attach(wanting), new RegExp(`host port ${hostPort}/TCP`))
      assert.equal(await traces(), before)
      const beside = await sandbox({ portMappings: published(hostPort, '127.0.0.2') })
      await network.attach(beside)
      await network.attach({ ...one })
      await network.detach(one.id)
      await network.detach(beside.id)
      const winners = await Promise.allSettled([
        network.attach(wanting),
        other.attach(await sandbox({ portMappings: published(hostPort) })),
      ])
      assert.is(winners.filter(({ status }) => status === 'fulfilled').length, 1, 'of two at once one has it')
    },
  },
  {
    name: 'host ports outlive Davit, and go with their Pod in another life',
    needs: ['hostPorts'],
    async run({ traces, attached, network, again, serve, ask, end }) {
      const one = await attached({ portMappings: published(hostPort) })
      const two = await attached({ portMappings: published(hostPort + 1) })
      await serve(port, one)
      await network.close()
      const life = await again()
      await end(two)
      await life.adopt([one])
      assert.ok(await ask(undefined, '127.0.0.1', hostPort))
      const rules = (await traces()).filter((line) => line.includes('--dport'))
      assert.ok(rules.some((line) => line.includes(`--dport ${hostPort} `)))
      assert.not(
        rules.some((line) => line.includes(`--dport ${hostPort + 1} `)),
        'of a Pod that is gone',
      )
      await (await again()).detach(one.id)
      assert.is(await ask(undefined, '127.0.0.1', hostPort), undefined)
    },
  },
  {
    name: 'purging leaves no link and no rule of the node, twice and with Pods on it; others of its range go on',
    async run({ traces, driver, context, node, sandbox, attached, serve, ask }) {
      const directory = `${context.directory}-of-another`
      const other = await node({ directory })
      const [there, client] = [await sandbox(), await sandbox()]
      const [ip, from] = [ipOf(await other.attach(there)), ipOf(await other.attach(client))]
      const before = await traces()
      await attached(driver.supports.hostPorts ? { portMappings: published(hostPort) } : {})
      for (let turn = 0; turn < 2; turn += 1) await driver.purge(context)
      assert.equal(await traces(), before)
      await serve(port, there)
      assert.is(await ask(client, ip, port), from)
      for (let turn = 0; turn < 2; turn += 1) await driver.purge({ ...context, directory })
      assert.equal(await traces(), [])
    },
  },
]
