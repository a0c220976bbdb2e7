// @serial machine
// @timeout 120
/** One server and two agents on machines of their own: network namespaces with a link between them. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, type TestContext, test } from '@davit/core/testing'
import { eventually } from './cluster.js'
import { credentials, link, type Machine, machines, type Process } from './joined.js'

const needs = { requires: ['root', 'netns', 'kubectl'], timeoutMs: 60_000 } as const

interface Site {
  readonly server: Machine
  readonly one: Machine
  readonly two: Machine
  readonly directories: { readonly server: string; readonly one: string; readonly two: string }
  kubectl(...args: string[]): Promise<string>
  /** What it said, also where it failed. */
  tried(...args: string[]): Promise<{ code: number; text: string }>
  startServer(): Promise<Process>
  agent(machine: Machine, name: string, directory: string, ...more: string[]): Process
}

const url = 'https://10.88.0.1:6443'

async function site(t: TestContext): Promise<Site> {
  const [server, one, two] = (await machines(t, 's', 'a', 'b')) as [Machine, Machine, Machine]
  const directories = { server: await t.directory(), one: await t.directory(), two: await t.directory() }
  const config = path.join(directories.server, 'kubeconfig')
  const tried = async (...args: string[]) => {
    const { code, stdout, stderr } = await server.run('kubectl', '--kubeconfig', config, ...args)
    return { code, text: stdout + stderr }
  }
  t.defer(async () => {
    for (const [machine, directory] of [
      [one, directories.one],
      [two, directories.two],
      [server, directories.server],
    ] as const)
      await machine.davit('down', '--data-dir', directory)
  })
  return {
    ...{ server, one, two, directories, tried },
    async kubectl(...args) {
      const { code, text } = await tried(...args)
      if (code !== 0)
        throw new Error(`kubectl ${args.join(' ')}: ${text}\n${(await tried('get', 'pods,events', '-o', 'wide')).text}`)
      return text
    },
    async startServer() {
      const running = server.startDavit(t, 'server', '--data-dir', directories.server)
      await running.line(/^ready: /)
      return running
    },
    agent: (machine, name, directory, ...more) =>
      machine.startDavit(
        t,
        ...['agent', '--server', url, '--name', name, '--data-dir', directory],
        ...['--runtime', 'process', '--proxy', 'none', ...more],
      ),
  }
}

/** Prints its start, then serves HTTP at port 8000 of the Pod. */
const pod = (name: string, nodeName: string, secret: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: 'none',
        command: [process.execPath, '-e', serve],
        env: [{ name: 'WORD', valueFrom: { secretKeyRef: { name: secret, key: 'word' } } }],
      },
    ],
  },
})
const serve =
  'console.log("started", process.env.WORD); require("http").createServer((_, r) => r.end("served " + process.env.WORD)).listen(8000)'

test(
  'machines join, and are reached from the server as nodes are; what is wrong is said',
  async (t) => {
    const at = await site(t)
    const { server, one, two, directories, kubectl, tried } = at
    let serverProcess = await at.startServer()
    const made = await server.davit('token', 'create', '--kubeconfig', path.join(directories.server, 'kubeconfig'), '-o', 'json')
    const { token, caHash, server: shown } = JSON.parse(made.stdout) as { token: string; caHash: string; server: string }
    assert.is(shown, url)
    const pin = ['--ca-hash', caHash]

    // Each way to get it wrong, all at once.
    const other = await t.directory()
    const join = (...args: string[]) =>
      two.davit('agent', '--server', url, '--name', 'x', '--data-dir', other, '--runtime', 'process', '--proxy', 'none', ...args)
    const wrong: readonly [readonly string[], RegExp][] = [
      [['--token', token], /nothing says by which CA.*DAVIT_JOIN_CA/],
      [
        ['--token', token, '--ca-hash', `sha256:${'0'.repeat(64)}`],
        /has a CA with the hash sha256:[0-9a-f]{64}, and not the one.*DAVIT_JOIN_CA/,
      ],
      [['--token', 'aaaaaa.0123456789abcdef', ...pin], /does not take the token.*DAVIT_JOIN_TOKEN/],
      [pin, /no certificate that is good, and no token.*DAVIT_JOIN_TOKEN/],
    ]
    for (const [args, message] of wrong) {
      const { code, stderr } = await join(...args)
      assert.is(code, 1)
      assert.match(stderr, message)
    }

    let agents = [
      at.agent(one, 'one', directories.one, '--token', token, ...pin),
      at.agent(two, 'two', directories.two, '--token', token, ...pin),
    ]
    await kubectl('create', 'secret', 'generic', 'first', '--from-literal=word=uno')
    await kubectl('create', 'secret', 'generic', 'second', '--from-literal=word=due')
    const file = path.join(other, 'pods.json')
    await Promise.all(agents.map((agent) => agent.line(/^ready: /)))
    await writeFile(
      file,
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod('p1', 'one', 'first'), pod('p2', 'two', 'second')] }),
    )
    await kubectl('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=20s')
    await kubectl('apply', '-f', file)
    await kubectl('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=20s')
    assert.match(await kubectl('get', 'nodes', '-o', 'wide'), /one +Ready.*10\.88\.0\.2[\s\S]*two +Ready.*10\.88\.0\.3/)
    const key = await stat(path.join(credentials(directories.one), 'node-client.pem'))
    assert.is(key.mode & 0o777, 0o600)

    // A second agent of the name.
    const taken = await two.davit(
      'agent',
      '--server',
      url,
      '--name',
      'one',
      '--data-dir',
      await t.directory(),
      '--token',
      token,
      ...pin,
    )
    assert.match(taken.stderr, /there is a node one already, and it is ready.*DAVIT_JOIN_NAME/)

    // Until the cluster has signed the certificates of the nodes, nobody believes them.
    await eventually(
      'the serving certificates',
      async () => (await tried('get', '--raw', '/api/v1/nodes/two/proxy/healthz')).text === 'ok',
    )
    await eventually(
      'the serving certificates',
      async () => (await tried('get', '--raw', '/api/v1/nodes/one/proxy/healthz')).text === 'ok',
    )
    const [logs, said, failed] = await Promise.all([
      kubectl('logs', 'p2'),
      kubectl('exec', 'p2', '--', 'sh', '-c', 'echo $WORD'),
      tried('exec', 'p1', '--', 'sh', '-c', 'exit 7'),
    ])
    assert.equal([logs, said, failed.code], ['started due\n', 'due\n', 7])
    await kubectl('cp', file, 'p1:/tmp/copied.json')
    assert.is(await kubectl('exec', 'p1', '--', 'cat', '/tmp/copied.json'), await readFile(file, 'utf8'))
    const forward = server.start(
      t,
      'kubectl',
      '--kubeconfig',
      path.join(directories.server, 'kubeconfig'),
      'port-forward',
      'pod/p1',
      '18000:8000',
    )
    await forward.line(/Forwarding from/)
    const get = 'require("http").get("http://127.0.0.1:18000", (r) => r.pipe(process.stdout))'
    assert.is((await server.run(process.execPath, '-e', get)).stdout, 'served uno')
    await forward.end('SIGTERM')
    assert.match(await kubectl('get', '--raw', '/api/v1/nodes/one/proxy/metrics'), /^kubelet_running_pods 1$/m)
    assert.match(await kubectl('top', 'pods'), /p1 +\d+m[\s\S]*p2 +\d+m/)

    // What node one may see by its certificate.
    const asOne = (...args: string[]) => {
      const pki = credentials(directories.one)
      const pem = path.join(pki, 'node-client.pem')
      const who = [
        '--server',
        url,
        '--certificate-authority',
        path.join(pki, 'ca.crt'),
        '--client-certificate',
        pem,
        '--client-key',
        pem,
      ]
      return one.run('kubectl', '--kubeconfig', '/dev/null', ...who, ...args)
    }
    assert.is((await asOne('get', 'secret', 'first')).code, 0)
    assert.match(
      (await asOne('get', 'secret', 'second')).stderr,
      /Forbidden.*no relationship found between node 'one' and this object/,
    )
    assert.match((await asOne('get', 'secrets')).stderr, /Forbidden/)
    assert.match((await asOne('get', 'pods')).stderr, /can only list\/watch pods with spec.nodeName field selector/)

    // Away and back: what runs goes on, and what was wanted meanwhile is done.
    const started = (name: string) => kubectl('get', 'pod', name, '-o', 'jsonpath={.status.containerStatuses[0].containerID}')
    const before = await Promise.all([started('p1'), started('p2')])
    await link(server, one, 'down')
    await kubectl('delete', 'secret', 'second', '--wait=false')
    await writeFile(file, JSON.stringify(pod('p3', 'one', 'first')))
    await kubectl('apply', '-f', file)
    await agents[0]?.end('SIGKILL')
    agents = [at.agent(one, 'one', directories.one), ...agents.slice(1)]
    await agents[0]?.line(/does not answer yet/)
    await link(server, one, 'up')
    await kubectl('wait', '--for=condition=Ready', 'pod/p3', '--timeout=20s')

    await serverProcess.end('SIGKILL')
    await agents[1]?.end('SIGKILL')
    agents = [...agents.slice(0, 1), at.agent(two, 'two', directories.two)]
    serverProcess = await at.startServer()
    await agents[1]?.line(/^ready: /)
    await kubectl('delete', 'pod', 'p3', '--timeout=20s')
    assert.is(await kubectl('exec', 'p1', '--', 'sh', '-c', 'echo $WORD'), 'uno\n')
    await eventually('node two back', async () => (await tried('exec', 'p2', '--', 'sh', '-c', 'echo $WORD')).text === 'due\n')
    assert.equal(await Promise.all([started('p1'), started('p2')]), before)
    assert.match(await kubectl('logs', 'p1'), /^started uno\n$/)
  },
  needs,
)
