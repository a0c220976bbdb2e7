/** The server of a node and who dials it, over mutual TLS: the containers are processes of this machine. */
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type ApiError, type Client, type KeyAndCertificate, type NodeIdentity, nodes, pods } from '../../client/contract.js'
import { createClock } from '../../kernel/clock.js'
import type { Node, Pod } from '../../kinds/contract.js'
import { assert, boot, createTestServices, type TestContext, test } from '../../testing/contract.js'
import type { ExecOptions, ExecStreams, NodeStreams } from '../contract.js'
import { createQueue } from '../http/byte-queue.js'
import { loadCertificates, loadKubeletClient } from '../http/pki.js'
import { createSigner } from '../http/signer.js'
import { createTestNode, type TestNode } from '../http/testing-node.js'
import { createNodeConnections } from '../node-connections.js'
import { createDialler, type NodeDialler } from './node-dialler.js'
import { openNodeServer } from './node-server.js'
import { remoteNode } from './remote-node.js'

const ref = { namespace: 'default', name: 'web', uid: 'u1' }
const pod = (name: string, nodeName: string): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } },
  spec: { nodeName, containers: [{ name: 'main', image: 'x' }] },
})

interface Site {
  readonly agent: TestNode
  readonly remote: NodeStreams
  readonly client: Client
  readonly dialler: NodeDialler
  dial(options: Partial<Parameters<typeof createDialler>[0]>): NodeDialler
  /** Of the CA of the cluster. */
  signed(name: string): Promise<KeyAndCertificate>
}

async function site(t: TestContext, more: Partial<NodeStreams> = {}, identity?: NodeIdentity): Promise<Site> {
  const booted = await boot({ clock: 'real' })
  t.defer(() => booted.stop())
  const { client, clients, clock } = booted
  const directory = join(await t.directory(), 'pki')
  const { authority } = await loadCertificates({ directory, names: [], now: clock.now() })
  const agent = createTestNode()
  const connections = createNodeConnections()
  connections.register('one', Object.assign(agent, more))
  connections.register('two', agent)
  await client.create(pods, pod('web', 'one'))
  const undos: (() => unknown)[] = []
  t.defer(async () => {
    for (const undo of undos.reverse()) await undo()
  })
  const port = await openNodeServer(
    {
      ...{ nodes: ['one', 'two'], address: '127.0.0.1', port: 0, ca: authority.certificate, clients, connections },
      ...{ identity, signer: createSigner(authority, clock), clock, log: createTestServices().log },
    },
    (undo) => void undos.push(undo),
  )
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  }
  for (const name of ['one', 'three'])
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status })
  await clients.informer<Pod>(pods).whenSynced()
  const dial: Site['dial'] = (options) => {
    const made = createDialler({
      node: (name) => client.get<Node>(nodes, '', name),
      ca: authority.certificate,
      identity: () => loadKubeletClient({ directory, now: clock.now() }, authority),
      ...options,
    })
    t.defer(() => made.close())
    return made
  }
  const dialler = dial({})
  const signed: Site['signed'] = async (name) => (await loadCertificates({ directory, names: [name], now: clock.now() })).server
  return { agent, client, dialler, dial, signed, remote: remoteNode(dialler, 'one', createClock()) }
}

/** The caller's ends, of which the output is kept. */
function ends(input: readonly string[] = []) {
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  const stdin = createQueue<Uint8Array>()
  for (const text of input) stdin.push(Buffer.from(text))
  stdin.end()
  const resize = createQueue<{ width: number; height: number }>()
  const gone = new AbortController()
  const streams: ExecStreams = {
    ...{ stdin, resize, signal: gone.signal },
    stdout: async (chunk) => void out.push(chunk),
    stderr: async (chunk) => void err.push(chunk),
  }
  return { streams, resize, gone, out: () => Buffer.concat(out), err: () => Buffer.concat(err).toString() }
}
const shell = (script: string, more: Partial<ExecOptions> = {}): ExecOptions => ({
  ...{ container: 'main', command: ['sh', '-c', script], tty: false, stdin: false, stdout: true, stderr: true },
  ...more,
})

test('exec: both outputs, the exit code, input and its end, sizes, and much of everything', async (t) => {
  const { remote, agent } = await site(t)
  const plain = ends()
  assert.equal(await remote.exec(ref, shell('echo out; echo err >&2; exit 3'), plain.streams), { exitCode: 3 })
  assert.equal([plain.out().toString(), plain.err()], ['out\n', 'err\n'])
  const fed = ends(['one ', 'two'])
  assert.equal(await remote.exec(ref, shell('cat; echo end', { stdin: true }), fed.streams), { exitCode: 0 })
  assert.is(fed.out().toString(), 'one twoend\n')
  const much = ends()
  await remote.exec(ref, shell('head -c 5000000 /dev/zero'), much.streams)
  assert.is(much.out().length, 5_000_000)
  const sized = ends()
  sized.resize.push({ width: 80, height: 24 })
  await remote.exec(ref, shell('sleep 0.2', { tty: true, stderr: false }), sized.streams)
  assert.equal(agent.sizes, [{ width: 80, height: 24 }])
  const attached = ends(['hello'])
  const { command: _command, ...attach } = shell('', { stdin: true })
  await remote.attach(ref, attach, attached.streams)
  assert.is(attached.out().toString(), 'hello')
})

test('exec: what cannot be run, and a client that leaves', async (t) => {
  const { remote } = await site(t)
  const missing = (await assert.rejects(remote.exec(ref, { ...shell(''), command: ['/no/such'] }, ends().streams))) as ApiError
  assert.is(missing.code, 500)
  const wrong = (await assert.rejects(remote.exec({ ...ref, name: 'gone' }, shell('true'), ends().streams))) as ApiError
  assert.is(wrong.code, 404)
  const other = (await assert.rejects(remote.exec(ref, shell('true', { container: 'nope' }), ends().streams))) as ApiError
  assert.equal([other.code, other.message], [400, 'container nope is not valid for pod web'])
  const leaving = ends()
  const running = remote.exec(ref, shell('exec sleep 30'), leaving.streams)
  setTimeout(() => leaving.gone.abort(new Error('gone')), 100)
  await assert.rejects(running, /gone/)
})

test('logs: options go along, a follower hears what comes, refusals are those of the node', async (t) => {
  const { remote, agent } = await site(t)
  agent.add('first')
  agent.add('second')
  const gone = new AbortController()
  const options = { container: 'main', follow: false, previous: false, timestamps: true, tailLines: 1, signal: gone.signal }
  const read = async (more: object = {}): Promise<string> => {
    let text = ''
    for await (const chunk of remote.logs(ref, { ...options, ...more })) text += Buffer.from(chunk)
    return text
  }
  assert.is(await read({ limitBytes: 100, sinceTime: 5_000 }), 'second\n')
  const { signal: _signal, ...asked } = agent.asked[0]?.options ?? { signal: gone.signal }
  const { signal: _none, ...sent } = options
  assert.equal(asked, { ...sent, limitBytes: 100, sinceTime: 5_000 })
  const refused = (await assert.rejects(read({ previous: true }))) as ApiError
  assert.equal([refused.code, /previous terminated container/.test(refused.message)], [400, true])
  const follower = remote.logs(ref, { ...options, follow: true })[Symbol.asyncIterator]()
  assert.is(Buffer.from((await follower.next()).value).toString(), 'second\n')
  agent.add('third')
  assert.is(Buffer.from((await follower.next()).value).toString(), 'third\n')
  gone.abort()
  assert.is((await follower.next()).done, true)
})

test('a port: bytes both ways, each end closed by itself, and nothing that listens', async (t) => {
  const { remote } = await site(t)
  const sockets = new Set<Socket>()
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    let size = 0
    socket.on('data', (chunk) => {
      size += chunk.length
    })
    socket.on('end', () => socket.end(`got ${size}`))
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.defer(() => new Promise((resolve) => listener.close(resolve)))
  const { port } = listener.address() as { port: number }
  const connection = await remote.dial(ref, port)
  connection.end(Buffer.alloc(3_000_000))
  let text = ''
  for await (const chunk of connection) text += chunk
  assert.is(text, 'got 3000000')
  const cut = await remote.dial(ref, port)
  cut.destroy()
  while (![...sockets].every(({ destroyed }) => destroyed)) await new Promise((resolve) => setTimeout(resolve, 10))
  const refused = (await assert.rejects(remote.dial(ref, 1))) as ApiError
  assert.equal([refused.code, /ECONNREFUSED/.test(refused.message)], [503, true])
})

test('usage comes from the summary; a runtime that counts nothing says so', async (t) => {
  const at = 1_767_323_045_678
  const container = { name: 'main', id: 'x', startedAt: at - 10, at, cpuNanoseconds: 5, memoryBytes: 6 }
  const counted = await site(t, { usage: async () => ({ at, pods: [{ ...ref, containers: [container] }] }) })
  const usage = await counted.remote.usage?.()
  assert.equal(usage?.pods[0]?.containers[0], { ...container, id: `main@${new Date(at - 10).toISOString()}` })
  const uncounted = await site(t)
  const refused = (await assert.rejects(uncounted.remote.usage?.() ?? Promise.resolve())) as ApiError
  assert.equal([refused.code, /does not support stats/.test(refused.message)], [400, true])
})

test('who is not who he says: neither side speaks to him', async (t) => {
  const { dial, client, dialler } = await site(t)
  // The address of a node at which another answers: its certificate is not for that name.
  const impostor = (await assert.rejects(dialler.get('three', '/healthz'))) as ApiError
  assert.match(impostor.message, /^node three cannot be reached: Hostname\/IP does not match certificate's altnames/)
  const absent = (await assert.rejects(dialler.get('four', '/healthz'))) as ApiError
  assert.equal([absent.code, absent.message], [503, 'the agent of node four is not connected'])
  const node = await client.get(nodes, '', 'one')
  await client.create(nodes, {
    ...node,
    metadata: { name: 'five' },
    status: { ...node.status, daemonEndpoints: { kubeletEndpoint: { Port: 0 } } },
  })
  await assert.rejects(dialler.get('five', '/healthz'), /the agent of node five is not connected/)
  const strange = await loadCertificates({ directory: join(await t.directory(), 'pki'), names: [], now: createClock().now() })
  const { key, certificate } = strange.admin
  // A client certificate of another CA is none.
  const foreign = (await assert.rejects(dial({ identity: async () => ({ key, certificate }) }).get('one', '/pods'))) as ApiError
  assert.is(foreign.code, 401)
  await assert.rejects(dial({ ca: strange.authority.certificate }).get('one', '/healthz'), /cannot be reached/)
})

test('as long as the cluster has not signed the certificate of a node, nobody believes that it is the node', async (t) => {
  let seen: (change: (pair: KeyAndCertificate) => void) => void = () => undefined
  const asked = new Promise<(pair: KeyAndCertificate) => void>((resolve) => {
    seen = resolve
  })
  const identity: NodeIdentity = {
    ...{ nodeName: 'one', ca: '' },
    serve(addresses, changed) {
      assert.equal(addresses, ['127.0.0.1'])
      seen(changed)
      return () => undefined
    },
  }
  const { dialler, signed } = await site(t, {}, identity)
  const changed = await asked
  const refused = (await assert.rejects(dialler.get('one', '/healthz'))) as ApiError
  assert.is(refused.code, 503)
  assert.match(refused.message, /^node one cannot be reached: self.signed certificate/)
  changed(await signed('one'))
  assert.is((await dialler.get('one', '/healthz')).statusCode, 200)
})
