/** `/openapi/v2` has what other servers serve, and waits for none of them. */
import { assert, type TestContext, test } from '@davit/core/testing'
import { type Backend, type Plane, plane, startBackend } from './testing.js'

const path = '/apis/metrics.test/v1/widgets'
const document = (description: string) => ({
  swagger: '2.0',
  paths: {
    [path]: { get: { responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/test.Widget' } } } } },
    '/apis/other/v1/things': { get: {} },
  },
  definitions: { 'test.Widget': { type: 'object', description } },
})

async function started(t: TestContext, openApiV2: Backend['openApiV2'], probeSeconds = 30): Promise<[Plane, Backend]> {
  const cluster = await plane(t, {}, { probeSeconds, probeTimeoutSeconds: 30 })
  const backend = await startBackend(t)
  backend.openApiV2 = openApiV2
  await cluster.endpoints(backend)
  await cluster.register(backend)
  await cluster.available('v1.metrics.test', (reason) => reason === 'Passed')
  return [cluster, backend]
}
/** The document is a megabyte and a half, and made anew with each change. */
const slow = { timeoutMs: 60_000 } as const
const read = async (cluster: Plane) => (await cluster.call('/openapi/v2')).json
const words = async (cluster: Plane): Promise<string | undefined> => (await read(cluster)).definitions['test.Widget']?.description

test(
  'the first reader sees it, and it is asked for again with its ETag',
  async (t) => {
    const [cluster, backend] = await started(t, document('first'), 1)
    assert.equal(backend.openApiV2Codes, [], 'nobody has asked for it')
    const { paths, definitions } = await read(cluster)
    assert.equal(paths[path], document('first').paths[path])
    assert.is(paths['/apis/other/v1/things'], undefined)
    assert.ok(paths['/apis/apps/v1/deployments'] ?? paths['/apis/apps/v1/namespaces/{namespace}/deployments'])
    assert.is(definitions['test.Widget'].description, 'first')
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    assert.ok((await cluster.call('/openapi/v2', { headers: { accept } })).text.includes('test.Widget'))

    const headers = { 'if-none-match': String((await cluster.call('/openapi/v2')).headers.etag) }
    const isSame = async (): Promise<boolean> => (await cluster.call('/openapi/v2', { headers })).code === 304
    await cluster.until(async () => ((await isSame()) && backend.openApiV2Codes.includes(304) ? true : undefined))
    backend.openApiV2 = document('and then another')
    await cluster.until(async () => ((await isSame()) ? undefined : true))
    assert.is(await words(cluster), 'and then another')
    assert.is(backend.openApiV2Codes.filter((code) => code === 200).length, 2)
    backend.openApiV2 = undefined
    await cluster.until(async () => ((await words(cluster)) === undefined ? true : undefined))
  },
  slow,
)

test(
  'a server that says nothing or nonsense does not keep ours from being read',
  async (t) => {
    for (const says of ['silence', { paths: 'none' }] as const) {
      const [cluster] = await started(t, says)
      const begun = performance.now()
      const all = await Promise.all([read(cluster), read(cluster)])
      for (const { paths } of all) assert.ok(paths['/api/v1/pods'])
      assert.ok(performance.now() - begun < 20_000, 'nobody waits for the whole deadline')
    }
  },
  slow,
)

test(
  'what a server said stays while it is away',
  async (t) => {
    const [cluster, backend] = await started(t, document('here'), 1)
    assert.is(await words(cluster), 'here')
    backend.broken = true
    await cluster.available('v1.metrics.test', (reason) => reason === 'FailedDiscoveryCheck')
    assert.is(await words(cluster), 'here')
    assert.is(await words(cluster), 'here')
  },
  slow,
)
