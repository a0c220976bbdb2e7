import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { loadCertificates } from '../api/http/pki.js'
import { createClock } from '../kernel/clock.js'
import { assert, createTestServices, type TestContext, test } from '../testing/contract.js'
import { type ApiError, configMaps } from './contract.js'
import { createHttpsClients, HttpsClient } from './https.js'
import { Transport } from './transport.js'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server of answers that a sound API does not give. */
async function serve(
  t: TestContext,
  answer: Answer,
  answerMs?: number,
): Promise<{ transport: Transport; requests: IncomingMessage[]; url: string }> {
  const options = { directory: await t.directory(), names: ['127.0.0.1'], now: createClock().now() }
  const { authority, server } = await loadCertificates(options)
  const requests: IncomingMessage[] = []
  const listener = createServer({ key: server.key, cert: server.certificate }, (request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.defer(() => new Promise((resolve) => listener.close(resolve)))
  const url = `https://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const connection = { server: `${url}/prefix/`, ca: authority.certificate, token: 'secret', namespace: 'default' }
  const transport = new Transport(connection, answerMs)
  t.defer(() => transport.close())
  return { transport, requests, url }
}

const event = (type: string, name: string): string => `${JSON.stringify({ type, object: { metadata: { name } } })}\n`

/** The events and the end of a watch, as text. */
function watched(transport: Transport): Promise<string[]> {
  const seen: string[] = []
  return new Promise((resolve) => {
    new HttpsClient(transport, { name: 'me' }).watch(
      configMaps,
      { namespace: 'default', resourceVersion: '7' },
      {
        event: (type, object) => void seen.push(`${type} ${object.metadata.name}`),
        bookmark: (version) => void seen.push(`BOOKMARK ${version}`),
        end: (error) => resolve([...seen, error === undefined ? 'end' : `end ${(error as ApiError).code} ${error.message}`]),
      },
    )
  })
}

test('asks with its path, its query, its credentials and its name', async (t) => {
  const { transport, requests } = await serve(t, (_request, response) => response.end('{"metadata":{"name":"a"}}'))
  const client = new HttpsClient(transport, { name: 'me', groups: ['g', 'h'], manager: 'kit' }, true)
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'x y' } }
  assert.is((await client.create(configMaps, object, { dryRun: true })).metadata.name, 'a')
  const [request] = requests
  assert.is(request?.method, 'POST')
  assert.is(request?.url, '/prefix/api/v1/namespaces/x%20y/configmaps?fieldManager=kit&dryRun=All')
  assert.is(request?.headers.authorization, 'Bearer secret')
  assert.is(request?.headers['user-agent'], 'kit')
  assert.is(request?.headers['impersonate-user'], 'me')
  assert.is(request?.headers['impersonate-group'], 'g, h')
})

test('a patch says which kind of patch it is', async (t) => {
  const { transport, requests } = await serve(t, (_request, response) => response.end('{"metadata":{}}'))
  const client = new HttpsClient(transport, { name: 'me' })
  for (const type of ['json', 'merge', 'strategic', 'apply'] as const) {
    await client.patch(configMaps, 'x', 'a', type, {}, { subresource: 'status', force: type === 'apply' })
  }
  const types = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml']
  assert.equal(
    requests.map((request) => request.headers['content-type']),
    types.map((type) => `application/${type}`),
  )
  assert.is(requests[3]?.url, '/prefix/api/v1/namespaces/x/configmaps/a/status?fieldManager=me&force=true')
})

test('reads events however the stream is cut, inside a letter too', async (t) => {
  const text = Buffer.from(event('ADDED', 'ü') + event('MODIFIED', 'b') + event('DELETED', 'c'))
  const { transport, requests } = await serve(t, async (_request, response) => {
    for (const byte of text) {
      response.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  })
  assert.equal(await watched(transport), ['ADDED ü', 'MODIFIED b', 'DELETED c', 'end'])
  assert.is(
    requests[0]?.url,
    '/prefix/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=7&allowWatchBookmarks=true',
  )
})

test('bookmarks are told apart, and an ERROR event is the end', async (t) => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
  const { transport } = await serve(t, (_request, response) => {
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } })}\n`)
    response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n${event('ADDED', 'never')}`)
  })
  assert.equal(await watched(transport), ['BOOKMARK 9', 'end 410 too old'])
})

test('a connection that breaks in the middle of a watch is its end, with an error', async (t) => {
  const { transport } = await serve(t, (_request, response) => {
    response.write(event('ADDED', 'a'), () => response.destroy())
  })
  const seen = await watched(transport)
  assert.is(seen[0], 'ADDED a')
  assert.match(seen[1] ?? '', /^end 503 the API server could not be reached/)
})

test('a watch that gets no reply ends in time; one that has begun may be silent', async (t) => {
  const { transport } = await serve(t, () => undefined, 100)
  assert.equal(await watched(transport), ['end 503 the API server could not be reached: the server did not answer in time'])
  const begun = await serve(
    t,
    (_request, response) => {
      response.flushHeaders()
      setTimeout(() => response.end(event('ADDED', 'late')), 400)
    },
    100,
  )
  assert.equal(await watched(begun.transport), ['ADDED late', 'end'])
})

test('what is no event ends the watch with an error', async (t) => {
  const { transport } = await serve(t, (_request, response) => response.end('<html>\n'))
  assert.match((await watched(transport))[0] ?? '', /^end 500 Internal error occurred: the server sent what is no event/)
})

test('a refusal that is no Status keeps its code and text', async (t) => {
  const { transport } = await serve(t, (_request, response) => {
    response.statusCode = 502
    response.end('no backend')
  })
  assert.equal(await watched(transport), ['end 502 no backend'])
  const client = new HttpsClient(transport, { name: 'me' })
  await assert.rejects(client.get(configMaps, 'x', 'a'), (error) => (error as ApiError).code === 502)
})

test('a server that is not there is an ApiError too', async (t) => {
  const { transport, url } = await serve(t, (_request, response) => response.end())
  transport.close()
  const clock = createClock()
  const { random, log } = createTestServices()
  const closed = url.replace(/\d+$/, '1')
  const clients = createHttpsClients({ connection: { server: closed, namespace: 'default' }, clock, random, log })
  t.defer(() => clients.close())
  const client = clients.as({ name: 'me' })
  await assert.rejects(client.get(configMaps, 'x', 'a'), (error) => (error as ApiError).reason === 'ServiceUnavailable')
})

test('items of a list get the type that the list leaves out', async (t) => {
  const list = { metadata: { resourceVersion: '9', continue: '' }, items: [{ metadata: { name: 'a' } }] }
  const { transport } = await serve(t, (_request, response) => response.end(JSON.stringify(list)))
  const found = await new HttpsClient(transport, { name: 'me' }).list(configMaps)
  assert.equal(found, {
    items: [{ metadata: { name: 'a' }, apiVersion: 'v1', kind: 'ConfigMap' }],
    resourceVersion: '9',
  } as never)
  assert.ok(Object.isFrozen(found.items[0]?.metadata))
})
