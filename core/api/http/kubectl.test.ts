import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, realpathSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { assert, type TestContext, test } from '../../testing/contract.js'
import { pod, pods, startServer, type TestServer } from './testing.js'
import { createTestNode, nodePlugin } from './testing-node.js'

/**
 * The kubectls that lie beside the one that is on the path: they speak different protocols. The oldest, the first with
 * WebSocket and the newest, unless DAVIT_KUBECTLS=all.
 */
function kubectls(): string[] {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    try {
      const real = dirname(realpathSync(join(directory, 'kubectl')))
      const found = readdirSync(real)
        .filter((name) => /^kubectl\.1\.\d+$/.test(name))
        .sort()
      const chosen =
        process.env.DAVIT_KUBECTLS === 'all'
          ? found
          : found.filter((name, at) => at % (found.length - 1) === 0 || /30$/.test(name))
      return (chosen.length > 0 ? chosen : ['kubectl']).map((name) => join(real, name))
    } catch {}
  }
  return ['kubectl']
}

let server: TestServer
const node = createTestNode()
node.lines.push('one', 'two')

test.before(async () => {
  server = await startServer({ plugins: [nodePlugin('one', node)] })
  const body = pod('x', { spec: { nodeName: 'one', containers: [{ name: 'main', image: 'i' }] } })
  await server.call(pods, { method: 'POST', body })
  const headers = { 'content-type': 'application/merge-patch+json' }
  await server.call(`${pods}/x/status`, { method: 'PATCH', headers, body: { status: { phase: 'Running' } } })
})
test.after(() => server.stop())

interface Result {
  readonly code: number
  readonly out: string
  readonly error: string
}
async function environment(t: TestContext): Promise<NodeJS.ProcessEnv> {
  return { PATH: process.env.PATH, HOME: await t.directory(), KUBECONFIG: server.address.kubeconfig }
}
async function run(t: TestContext, kubectl: string, words: readonly string[], input?: string | Buffer): Promise<Result> {
  const env = await environment(t)
  return new Promise((resolve) => {
    const child = execFile(kubectl, words, { env, maxBuffer: 1 << 26 }, (error, out, text) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, error: text })
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

for (const kubectl of kubectls()) {
  const name = kubectl.slice(kubectl.lastIndexOf('/') + 1)
  const options = { requires: ['kubectl'], timeoutMs: 30_000 } as const

  test(
    `${name}: objects`,
    async (t) => {
      const map = `map-${name.replaceAll('.', '-')}`
      const created = await run(t, kubectl, ['create', 'configmap', map, '--from-literal=a=b'])
      assert.is(created.out, `configmap/${map} created\n`, created.error)
      assert.is((await run(t, kubectl, ['get', 'cm', map, '-o', 'jsonpath={.data.a}'])).out, 'b')
      assert.match((await run(t, kubectl, ['get', 'pods', '-o', 'wide'])).out, /^NAME +READY +STATUS .*\nx +0\/1 +Running/)
      const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${map}}\ndata: {a: c}\n`
      const applied = await run(t, kubectl, ['apply', '-f', '-'], manifest)
      assert.is(applied.out, `configmap/${map} configured\n`, applied.error)
      const unknown = await run(t, kubectl, ['apply', '-f', '-'], `${manifest}dta: {}\n`)
      assert.is.not(unknown.code, 0)
      assert.match(unknown.error, 'unknown field "dta"')
      assert.match((await run(t, kubectl, ['explain', 'pod.spec.containers.image'])).out, /FIELD: *image/)
      assert.is((await run(t, kubectl, ['delete', 'cm', map])).code, 0)
    },
    options,
  )

  test(
    `${name}: server-side apply`,
    async (t) => {
      const map = `ssa-${name.replaceAll('.', '-')}`
      const manifest = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${map}}\ndata: {a: "${value}"}\n`
      const apply = (value: string, ...words: string[]) =>
        run(t, kubectl, ['apply', '--server-side', '-f', '-', ...words], manifest(value))
      const managers = async () => {
        const path = '{range .metadata.managedFields[*]}{.manager}/{.operation} {end}'
        const shown = await run(t, kubectl, ['get', 'cm', map, '--show-managed-fields', '-o', `jsonpath=${path}`])
        return shown.out.trim().split(' ').filter(Boolean)
      }
      const made = await apply('1', '--field-manager=ci')
      assert.is(made.out, `configmap/${map} serverside-applied\n`, made.error)
      assert.equal(await managers(), ['ci/Apply'])
      const patched = await run(t, kubectl, [
        'patch',
        'cm',
        map,
        '--type=merge',
        '-p',
        '{"data":{"a":"2"}}',
        '--field-manager=hand',
      ])
      assert.is(patched.code, 0, patched.error)
      const refused = await apply('3', '--field-manager=ci')
      assert.is(refused.code, 1)
      assert.match(refused.error, 'Apply failed with 1 conflict: conflict with "hand" using v1: .data.a')
      const diff = await run(t, kubectl, ['diff', '--server-side', '--force-conflicts', '-f', '-'], manifest('3'))
      assert.is(diff.code, 1, diff.error)
      assert.match(diff.out, /^- {2}a: "2"\n\+ {2}a: "3"$/m)
      const forced = await apply('3', '--field-manager=ci', '--force-conflicts')
      assert.is(forced.code, 0, forced.error)
      assert.equal(await managers(), ['ci/Apply'])
      assert.not.ok((await run(t, kubectl, ['get', 'cm', map, '-o', 'yaml'])).out.includes('managedFields'))
      const shown = await run(t, kubectl, ['get', 'cm', map, '-o', 'yaml', '--show-managed-fields'])
      assert.match(shown.out, 'f:data:')
      const dry = await apply('4', '--field-manager=ci', '--dry-run=server')
      assert.is(dry.out, `configmap/${map} serverside-applied (server dry run)\n`, dry.error)
      const wrong = await run(t, kubectl, ['apply', '--server-side', '-f', '-'], `${manifest('1')}dta: {}\n`)
      assert.match(wrong.error, '.dta: field not declared in schema')
    },
    options,
  )

  test(
    `${name}: from client-side to server-side apply`,
    async (t) => {
      const map = `over-${name.replaceAll('.', '-')}`
      const manifest = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${map}}\ndata: {${value}}\n`
      assert.is((await run(t, kubectl, ['apply', '-f', '-'], manifest('a: "1", b: "1"'))).code, 0)
      const over = await run(t, kubectl, ['apply', '--server-side', '-f', '-'], manifest('a: "2", b: "1"'))
      assert.is(over.code, 0, over.error)
      const again = await run(t, kubectl, ['apply', '--server-side', '-f', '-'], manifest('b: "1"'))
      assert.is(again.code, 0, again.error)
      const words = ['get', 'cm', map, '--show-managed-fields', '-o', 'json']
      const object = JSON.parse((await run(t, kubectl, words)).out)
      assert.equal(object.data, { b: '1' }, 'what client-side apply owned is owned by the server-side one')
      const managers = object.metadata.managedFields.map((entry: { manager: string; operation: string }) => entry.manager)
      // The second is what kubectl keeps its annotation under.
      assert.equal(managers.sort(), ['kubectl', 'kubectl-last-applied'])
    },
    options,
  )

  test(
    `${name}: exec, attach and logs`,
    async (t) => {
      const ran = await run(t, kubectl, ['exec', 'x', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
      assert.is(ran.out, 'out\n', ran.error)
      assert.match(ran.error, /^err\ncommand terminated with exit code 7/)
      assert.is(ran.code, 7)
      const blob = 'davit '.repeat(500_000)
      assert.is((await run(t, kubectl, ['exec', '-i', 'x', '--', 'cat'], blob)).out, blob)
      assert.match((await run(t, kubectl, ['attach', '-i', 'x'], 'typed\n')).out, 'typed\n')
      assert.is((await run(t, kubectl, ['logs', 'x', '--tail=1'])).out, 'two\n')
      assert.match((await run(t, kubectl, ['logs', 'x', '-p'])).error, 'previous terminated container')
    },
    options,
  )

  test(
    `${name}: port-forward`,
    async (t) => {
      const web = createServer((incoming, reply) => incoming.pipe(reply))
      t.defer(() => web.close())
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      const { port } = web.address() as AddressInfo
      const child = spawn(kubectl, ['port-forward', 'pod/x', `:${port}`, '--address', '127.0.0.1'], { env: await environment(t) })
      t.defer(async () => {
        child.kill()
        await once(child, 'close')
      })
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const local = /127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      const body = 'davit '.repeat(100_000)
      const echoes = await Promise.all([1, 2, 3].map(() => echo(`http://127.0.0.1:${local}/`, body)))
      for (const text of echoes) assert.ok(text === body)
    },
    options,
  )
}

async function echo(url: string, body: string): Promise<string> {
  const reply = await fetch(url, { method: 'POST', body, headers: { connection: 'close' } })
  return reply.text()
}

test(
  'kubectl watches what happens',
  async (t) => {
    const child = spawn('kubectl', ['get', 'configmaps', '-w', '--no-headers', '-l', 'of=watch'], { env: await environment(t) })
    t.defer(async () => {
      child.kill()
      await once(child, 'close')
    })
    const lines = createInterface(child.stdout)
    // Other tests have theirs.
    const labels = { of: 'watch' }
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', labels } }
    const maps = '/api/v1/namespaces/default/configmaps'
    await server.call(maps, { method: 'POST', body })
    assert.match(String((await once(lines, 'line'))[0]), /^first +0 +/)
    const next = once(lines, 'line')
    await server.call(maps, { method: 'POST', body: { ...body, metadata: { name: 'second', labels }, data: { a: '1' } } })
    assert.match(String((await next)[0]), /^second +1 +/)
  },
  { requires: ['kubectl'] },
)
