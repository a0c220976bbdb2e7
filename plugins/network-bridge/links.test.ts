// @serial machine
/** What a kill at any moment, or somebody at the machine, leaves half done. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { NetworkContext, NetworkSandbox, PodNetwork } from '@davit/core/node'
import { assert, createTestServices, suite, type TestContext } from '@davit/core/testing'
import { createBridgeDriver } from './driver.js'
import { isLink, isWhole } from './links.js'
import { linkOf, namesOf } from './names.js'
import { createPodNetwork } from './network.js'

const test = suite('links')
const machine = { requires: ['root', 'netns', 'iptables', 'ip'] as const, timeoutMs: 30_000 } as const
const run = promisify(execFile)
const podCidr = '10.184.7.0/24'
const { bridge } = namesOf(podCidr)
const { log, lines } = createTestServices()
const driver = createBridgeDriver({ config: { masquerade: true, mtu: 1400 }, log })
let made = 0

interface Bench {
  readonly node: NetworkContext
  readonly network: PodNetwork
  sandbox(): Promise<NetworkSandbox>
  inside(sandbox: NetworkSandbox, command: string): Promise<string>
}

/** The node answers, if only that nobody listens. */
async function reachesNode({ namespace }: NetworkSandbox): Promise<void> {
  const words = [`--net=${namespace}`, 'timeout', '3', 'bash', '-c', 'exec 3<>/dev/tcp/10.184.7.1/9']
  assert.match((await assert.rejects(run('nsenter', words))).message, 'refused')
}

async function bench(t: TestContext): Promise<Bench> {
  const directory = await t.directory()
  const node = { nodeName: 'links', directory, podCidrs: [podCidr], clusterCidrs: [podCidr], signal: t.signal }
  t.defer(() => driver.purge(node))
  return {
    node,
    network: await driver.open(node),
    async sandbox() {
      made += 1
      const id = `links-${process.pid}-${made}`
      const namespace = join(directory, id)
      await writeFile(namespace, '')
      await run('unshare', [`--net=${namespace}`, 'true'])
      t.defer(() => run('umount', [namespace]).catch(() => undefined))
      return { id, namespace, portMappings: [] }
    },
    inside: async ({ namespace }, command) =>
      (await run('nsenter', [`--net=${namespace}`, ...command.split(' ')]).catch(() => ({ stdout: 'failed' }))).stdout,
  }
}

test(
  'a link that was cut short before anybody knew whose it is gives way',
  async (t) => {
    const { network, sandbox, inside } = await bench(t)
    const own = await sandbox()
    const link = linkOf('10.184.7.2')
    await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own.namespace])
    const { ips } = await network.attach(own)
    assert.equal(ips, ['10.184.7.3'], 'as long as the link is there its address is taken')
    assert.not(await isLink(link))
    assert.match(await inside(own, 'ip -4 -o addr show eth0'), '10.184.7.3/32')
    assert.match(await inside(own, 'ip link show eth0'), 'mtu 1400')
    await reachesNode(own)
    assert.equal((await network.attach(await sandbox())).ips, ['10.184.7.4'])
  },
  machine,
)

test(
  'a link that is not up is made whole, with the address that it had',
  async (t) => {
    const { network, node, sandbox, inside } = await bench(t)
    const own = await sandbox()
    const [address = ''] = (await network.attach(own)).ips
    await run('ip', ['link', 'set', linkOf(address), 'down'])
    await inside(own, 'ip addr flush dev eth0')
    assert.not(await isWhole(address, bridge))
    const [adopted] = await (await driver.open(node)).adopt([own])
    assert.equal(adopted?.ips, [address])
    assert.ok(await isWhole(address, bridge))
    await reachesNode(own)
  },
  machine,
)

test(
  'a bridge that somebody removed is made again, with all links on it',
  async (t) => {
    const { network, sandbox } = await bench(t)
    const own = await sandbox()
    await network.attach(own)
    await run('ip', ['link', 'delete', bridge])
    const others = await Promise.all([sandbox(), sandbox()])
    await Promise.all(others.map((other) => network.attach(other)))
    for (const each of [own, ...others]) await reachesNode(each)
  },
  machine,
)

test(
  'a sandbox whose link somebody removed is not among the adopted, and is connected again when asked for',
  async (t) => {
    const { network, node, sandbox } = await bench(t)
    const own = await sandbox()
    const [address = ''] = (await network.attach(own)).ips
    await run('ip', ['link', 'delete', linkOf(address)])
    const life = await driver.open(node)
    assert.equal(await life.adopt([own]), [])
    assert.is((await life.attach(own)).ips.length, 1)
  },
  machine,
)

test(
  'a namespace that is not there is an error, and leaves no address in use',
  async (t) => {
    const { network, sandbox } = await bench(t)
    const lost = { id: 'lost', namespace: '/proc/0/ns/net', portMappings: [] }
    for (let turn = 0; turn < 3; turn += 1) {
      const error = await assert.rejects(network.attach(lost))
      assert.match(error.message, 'the Pod cannot be connected')
    }
    assert.equal((await network.attach(await sandbox())).ips, ['10.184.7.5'])
    assert.not(await isLink(linkOf('10.184.7.2')))
  },
  machine,
)

test(
  'without iptables Pods are connected, a warning says what they lack, and host ports are refused',
  async (t) => {
    const { node, sandbox, inside } = await bench(t)
    const network = createPodNetwork({ config: { masquerade: true }, log, firewall: false }, node)
    const own = await sandbox()
    await network.attach(own)
    await reachesNode(own)
    assert.ok(lines.some(({ message }) => message.includes('no iptables')))
    const portMappings = [{ containerPort: 80, hostPort: 20_999, hostIp: '', protocol: 'TCP' as const }]
    const wanting = { ...(await sandbox()), portMappings }
    assert.match((await assert.rejects(network.attach(wanting))).message, 'host ports need iptables')
    assert.equal(await inside(wanting, 'ip -o link show eth0'), 'failed')
    await network.detach(own.id)
  },
  machine,
)

test(
  'an address of IPv6 is no place for a host port of IPv4',
  async (t) => {
    const { network, sandbox } = await bench(t)
    const portMappings = [{ containerPort: 80, hostPort: 20_998, hostIp: 'fd00::1', protocol: 'TCP' as const }]
    const error = await assert.rejects(network.attach({ ...(await sandbox()), portMappings }))
    assert.match(error.message, 'Pods have IPv4 addresses alone')
  },
  machine,
)
