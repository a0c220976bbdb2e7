// @serial machine
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { runTool } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { machineOf, readMachine, withoutPrivileges } from './machine.js'
import { hardwareAddress, isLink } from './network.js'
import { short } from './places.js'
import { eventually, testRange, withNode } from './testing.js'

const root = { requires: ['root', 'netns'] as const, timeoutMs: 30_000 }
const node = process.execPath

/** A server that says which connection it sees, at all addresses or one. */
const server = (port: number, word: string, host = '0.0.0.0'): string =>
  `exec ${node} -e "require('net').createServer((s) => s.end('${word} ' + s.remoteAddress)).listen(${port}, '${host}')"`
const client = (host: string, port: number): string =>
  `exec ${node} -e "require('net').connect(${port}, '${host}').on('error', (e) => { console.log(e.code); process.exit(1) }).pipe(process.stdout)"`

test(
  'Pods reach each other and their node by their addresses',
  () =>
    withNode(async ({ sandbox, start, exited, log, runtime }) => {
      const [one, two] = [await sandbox(), await sandbox()]
      await start(one, server(8080, 'one'))
      const answer = await eventually('an answer', () => ask(one.ips[0] ?? '', 8080))
      assert.match(answer, /^one 10\.181\.78\.1$/)
      const id = await start(two, client(one.ips[0] ?? '', 8080))
      assert.is((await exited(id)).exitCode, 0, await log(id))
      assert.is(await log(id), `one ${two.ips[0]}`)
      assert.ok(await isLink(`davit-p${short(testRange)}`))
      const inside = await runtime.execSync(
        await start(two, 'exec sleep 100', { name: 'b' }),
        ['ip', '-4', '-o', 'addr', 'show', 'eth0'],
        5000,
      )
      assert.match(Buffer.from(inside.stdout).toString(), `${two.ips[0]}/32`)
    }),
  root,
)

test(
  'a node is not opened while another interface stands for its range, and says which',
  async (t) => {
    const name = `other${process.pid % 100_000}`
    await runTool(
      'ip',
      ['-batch', '-'],
      `link add ${name} type bridge\naddr add 10.181.78.129/25 dev ${name}\nlink set ${name} up\n`,
    )
    const remove = () => runTool('ip', ['link', 'del', name]).catch(() => undefined)
    t.defer(remove)
    const opened = () => withNode(async ({ sandbox }) => void (await sandbox()))
    const { message } = (await assert.rejects(opened)) as Error
    assert.match(message, `the network interface ${name} has a route to 10.181.78.128/25`)
    assert.match(message, `remove it (ip link delete ${name})`)
    await remove()
    await opened()
  },
  root,
)

test(
  'a host port leads to the Pod, from the node and by its addresses, and ends with it',
  () =>
    withNode(async ({ sandbox, start, runtime }) => {
      const hostPort = 21_000 + (process.pid % 10_000)
      const made = await sandbox({ portMappings: [{ containerPort: 8080, hostPort, hostIp: '', protocol: 'TCP' }] })
      await start(made, server(8080, 'pod'))
      const outer = Object.values(networkInterfaces())
        .flat()
        .find((item) => item?.family === 'IPv4' && !item.internal && !item.address.startsWith('10.181.'))
      for (const host of ['127.0.0.1', ...(outer ? [outer.address] : [])]) {
        assert.match(await eventually(`an answer at ${host}`, () => ask(host, hostPort)), /^pod /)
      }
      await runtime.stopSandbox(made.id)
      assert.is(await ask('127.0.0.1', hostPort), undefined)
    }),
  { ...root, requires: ['root', 'netns', 'iptables'] as const },
)

test(
  'without iptables a host port is refused with its reason',
  async () => {
    const machine = machineOf({ ...readMachine(), iptables: false })
    await withNode(
      async ({ sandbox }) => {
        const portMappings = [{ containerPort: 80, hostPort: 20_999, hostIp: '', protocol: 'TCP' as const }]
        const error = (await assert.rejects(sandbox({ portMappings }))) as Error
        assert.match(error.message, 'host ports need iptables')
      },
      { machine },
    )
  },
  root,
)

test(
  "a Pod on the machine's network has its address and name",
  () =>
    withNode(async ({ sandbox, start, exited, log }) => {
      const { readlink } = await import('node:fs/promises')
      const made = await sandbox({ hostNetwork: true })
      assert.equal(made.ips, [])
      const id = await start(made, 'readlink /proc/self/ns/net /proc/self/ns/uts')
      await exited(id)
      assert.is(await log(id), `${await readlink('/proc/self/ns/net')}\n${await readlink('/proc/self/ns/uts')}\n`)
    }),
  root,
)

test('without privileges each Pod has a loopback address of its own, so that replicas may share a port', () =>
  withNode(
    async ({ sandbox, start, runtime }) => {
      const port = 21_000 + (process.pid % 10_000)
      for (const word of ['one', 'two']) {
        const made = await sandbox()
        const [address = ''] = made.ips
        assert.match(address, /^127\.181\.78\.\d+$/)
        await start(made, server(port, word, address))
        assert.match(await eventually('an answer', () => ask(address, port)), word)
        const connection = await eventually('a connection', () => runtime.dial(made.id, port).catch(() => undefined))
        connection.destroy()
      }
    },
    { machine: withoutPrivileges(readMachine()) },
  ))

test("a card's address follows from the Pod's", () => {
  assert.is(hardwareAddress('10.244.0.17'), '02:da:0a:f4:00:11')
})

/** undefined: nobody answers. */
function ask(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let said = ''
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('data', (chunk) => (said += chunk.toString()))
    socket.once('error', () => {})
    socket.once('close', () => resolve(said === '' ? undefined : said))
  })
}
