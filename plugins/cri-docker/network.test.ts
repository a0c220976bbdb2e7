// @serial machine
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Runtime, RuntimeError } from '@davit/core/node'
import { assert, suite } from '@davit/core/testing'
import { connectEngine } from './engine.js'
import { label } from './labels.js'
import { leftOver, type Machine, testConfig, testContainer, testSandbox, withMachine } from './testing.js'

const test = suite('network')
const docker = { requires: ['docker'], timeoutMs: 60_000 } as const
const subnet = '10.198.0.0/16'

async function readAll(connection: Duplex): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of connection) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString()
}

/** Until the server in the Pod listens. */
async function ask(connect: () => Promise<Duplex>): Promise<string> {
  for (;;) {
    const answer = await connect()
      .then(readAll)
      .catch(() => '')
    if (answer !== '') return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A Pod that says hello to who connects to the port. */
async function server(machine: Machine, runtime: Runtime, port: number) {
  const sandbox = await runtime.runSandbox(testSandbox())
  await machine.start(runtime, sandbox, testContainer(`while :; do echo hello | nc -l -p ${port}; done`))
  return sandbox
}

test(
  'Pods of two nodes of one machine reach each other, and leave one network that goes with the last node',
  (t) =>
    withMachine(t, async (machine) => {
      const [one, two] = [await machine.node(1), await machine.node(2)]
      const there = await server(machine, two, 4000)
      const here = await one.runSandbox(testSandbox())
      assert.match(there.ips[0] ?? '', /^10\.198\.2\./)
      assert.match(here.ips[0] ?? '', /^10\.198\.1\./)
      const script = `until nc ${there.ips[0]} 4000; do sleep 0.05; done`
      assert.is(await machine.output(one, here, script), 'hello\n')
      assert.is(await ask(() => two.dial(there.id, 4000)), 'hello\n', 'and the host reaches them')
      const nodes = [machine.context(1).nodeName, machine.context(2).nodeName]
      await machine.driver.purge(machine.context(1))
      assert.is(await leftOver([nodes[0] ?? ''], subnet), 1, 'the network is still in use')
      await machine.driver.purge(machine.context(2))
      assert.is(await leftOver(nodes, subnet), 0)
    }),
  docker,
)

test(
  "what listens on the Pod's loopback address alone is reached too, and a closed port is an error",
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      await machine.start(runtime, sandbox, testContainer('httpd -f -p 127.0.0.1:4001'))
      const answer = await ask(async () => {
        const connection = await runtime.dial(sandbox.id, 4001)
        connection.write('GET /nothing HTTP/1.0\r\n\r\n')
        return connection
      })
      assert.match(answer, /^HTTP\/1\.\d 404 /)
      const error = await assert.rejects(runtime.dial(sandbox.id, 4002))
      assert.match(error.message, /4002/)
    }),
  docker,
)

test(
  "a host port leads into the Pod; a taken one is refused in Docker's words, and nothing is left of the second Pod",
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const hostPort = 20_000 + (process.pid % 10_000)
      const config = { portMappings: [{ containerPort: 4003, hostPort, hostIp: '127.0.0.1', protocol: 'TCP' as const }] }
      const sandbox = await runtime.runSandbox(testSandbox(config))
      const answer = 'HTTP/1.0 200 OK\\r\\n\\r\\nby the host'
      await machine.start(runtime, sandbox, testContainer(`while :; do printf '${answer}' | nc -l -p 4003; done`))
      assert.is(await ask(() => get(hostPort)), 'by the host')
      const error = (await assert.rejects(runtime.runSandbox(testSandbox(config)))) as RuntimeError
      assert.is(error.problem, 'FailedCreatePodSandBox')
      assert.match(error.message, /port is already allocated|address already in use/)
      assert.is((await runtime.listSandboxes()).length, 1)
    }),
  docker,
)

function get(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', agent: false }, (response) => resolve(response as unknown as Duplex))
    call.once('error', reject)
    call.end()
  })
}

test(
  "a Pod's resolv.conf is what it was told; servers on the machine's loopback are left to Docker's resolver",
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const dns = { servers: ['10.96.0.10', '127.0.0.53'], searches: ['a.svc', 'b.svc'], options: ['ndots:5'] }
      const sandbox = await runtime.runSandbox(testSandbox({ dns }))
      const read = 'cat /etc/resolv.conf'
      const whole = 'nameserver 10.96.0.10\nsearch a.svc b.svc\noptions ndots:5\n'
      assert.is(await machine.output(runtime, sandbox, read), whole)
      await runtime.close()
      const again = await machine.node(1)
      assert.is(await machine.output(again, sandbox, read, { name: 'later' }), whole, 'after a restart too')
      const local = await again.runSandbox(testSandbox({ dns: { ...dns, servers: ['127.0.0.53'] } }))
      const text = await machine.output(again, local, read)
      assert.match(text, 'nameserver 127.0.0.11')
      assert.match(text, 'search a.svc b.svc')
    }),
  docker,
)

test(
  'addresses of adopted Pods are not given twice, and one that somebody else took is passed over',
  (t) =>
    withMachine(t, async (machine) => {
      const first = await machine.node(1)
      const before = [await first.runSandbox(testSandbox()), await first.runSandbox(testSandbox())]
      await first.close()
      const again = await machine.node(1)
      const after = await again.runSandbox(testSandbox())
      assert.is(new Set([...before, after].map(({ ips }) => ips[0])).size, 3)
      const blind = await machine.node(1)
      const [one, two] = await Promise.all([again.runSandbox(testSandbox()), blind.runSandbox(testSandbox())])
      assert.is.not(one.ips[0], two.ips[0], 'two agents that know nothing of each other')
    }),
  docker,
)

test(
  'a network or pause image that was pruned is made again',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      await runtime.removeSandbox(sandbox.id)
      const engine = await connectEngine(testConfig.socketPath)
      t.defer(() => engine.close())
      const filters = { label: [`${label.network}=${subnet}`] }
      for (const { Id } of await engine.docker.listNetworks({ filters })) await engine.docker.getNetwork(Id).remove()
      await engine.docker.getImage('davit.local/pause:1').remove({ force: true })
      const nodes = [await machine.node(2), runtime, runtime, runtime]
      const made = await Promise.all(nodes.map((each) => each.runSandbox(testSandbox())))
      for (const { state } of made) assert.is(state, 'ready')
      const unnamed = await engine.docker.listImages({ filters: { dangling: ['true'] } })
      assert.equal(
        unnamed.filter(({ Size }) => Size < 1000),
        [],
        'whoever made it first, it is one image',
      )
    }),
  docker,
)

test(
  "another network on the Pods' addresses is named as what is in the way",
  (t) =>
    withMachine(t, async (machine) => {
      const engine = await connectEngine(testConfig.socketPath)
      t.defer(() => engine.close())
      const options = { Name: `foreign-${process.pid}`, IPAM: { Driver: 'default', Config: [{ Subnet: '10.198.8.0/24' }] } }
      const foreign = await engine.docker.createNetwork(options)
      t.defer(() => foreign.remove())
      const runtime = await machine.node(1)
      const error = (await assert.rejects(runtime.runSandbox(testSandbox()))) as RuntimeError
      assert.is(error.problem, 'FailedCreatePodSandBox')
      assert.match(error.message, /addresses 10\.198\.0\.0\/16: .*overlaps/)
      assert.equal(await runtime.listSandboxes(), [])
    }),
  docker,
)
