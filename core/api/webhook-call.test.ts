import { assert, type TestContext, test } from '../testing/contract.js'
import { type WebhookCall, type WebhookCaller, WebhookCallerToken, type WebhookReply } from './contract.js'
import { startApi } from './testing.js'
import { startWebhook, type TestWebhook } from './testkit.js'

async function callerOf(t: TestContext): Promise<{ caller: WebhookCaller; api: Awaited<ReturnType<typeof startApi>> }> {
  const api = await startApi(t)
  return { api, caller: api.plane.kernel.get(WebhookCallerToken) }
}
const to = (hook: TestWebhook, more: Partial<WebhookCall> = {}): WebhookCall => ({
  clientConfig: { url: `${hook.url}/mutate`, caBundle: hook.caBundle },
  body: { ask: 1 },
  timeoutMs: 10_000,
  ...more,
})
const failed = (reply: WebhookReply): Extract<WebhookReply, { ok: false }> => {
  if (reply.ok) throw new Error('the call was answered')
  return reply
}

test('a webhook by URL gets the body and its JSON comes back', async (t) => {
  const { caller } = await callerOf(t)
  const hook = await startWebhook(t, () => ({ body: { yes: true } }))
  assert.equal(await caller.call(to(hook, { query: { timeout: '10s' } })), { ok: true, value: { yes: true } })
  assert.equal(hook.bodies, [{ ask: 1 }])
  assert.equal(hook.paths, ['/mutate?timeout=10s'])
})

test('connections are kept, and one that was closed meanwhile is no failure', async (t) => {
  const { caller } = await callerOf(t)
  const hook = await startWebhook(t, () => ({ body: {} }))
  await caller.call(to(hook))
  await caller.call(to(hook))
  assert.is(hook.connections.size, 1)
  for (const socket of hook.connections) socket.destroy()
  assert.equal(await caller.call(to(hook)), { ok: true, value: {} })
})

test('another authority than the bundle is not trusted', async (t) => {
  const { caller } = await callerOf(t)
  const hook = await startWebhook(t, () => ({ body: {} }))
  const other = await startWebhook(t, () => ({ body: {} }))
  const reply = failed(await caller.call(to(hook, { clientConfig: { url: hook.url, caBundle: other.caBundle } })))
  assert.is(reply.kind, 'unreachable')
  assert.is(
    reply.message,
    `Post "${hook.url}/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
  )
  const without = failed(await caller.call(to(hook, { clientConfig: { url: hook.url } })))
  assert.match(without.message, 'certificate signed by unknown authority')
  assert.is(hook.bodies.length, 0)
})

test('a certificate for another name is not accepted', async (t) => {
  const { caller } = await callerOf(t)
  const hook = await startWebhook(t, () => ({ body: {} }), ['other.example.com'])
  const reply = failed(await caller.call(to(hook)))
  assert.match(reply.message, 'tls: failed to verify certificate: x509: ')
})

test('a webhook that does not answer in time is a timeout', async (t) => {
  const { caller, api } = await callerOf(t)
  let heard = (): void => {}
  const asked = new Promise<void>((resolve) => {
    heard = resolve
  })
  const hook = await startWebhook(t, () => {
    heard()
    return {}
  })
  const calling = caller.call(to(hook, { timeoutMs: 5_000 }))
  await asked
  await api.plane.clock.advance(5_000)
  const reply = failed(await calling)
  assert.is(reply.kind, 'timeout')
  assert.is(reply.message, `Post "${hook.url}/mutate": context deadline exceeded`)
})

test('a call can be given up, before and while it waits', async (t) => {
  const { caller } = await callerOf(t)
  const abort = new AbortController()
  const hook = await startWebhook(t, () => {
    abort.abort()
    return {}
  })
  assert.match(failed(await caller.call(to(hook, { signal: abort.signal }))).message, 'context canceled')
  assert.match(failed(await caller.call(to(hook, { signal: abort.signal }))).message, 'context canceled')
  assert.is(hook.bodies.length, 1)
})

test('codes other than 2xx, redirects too, and replies that are no JSON are failures', async (t) => {
  const { caller } = await callerOf(t)
  const replies = [{ code: 500, body: 'out of order' }, { code: 302, body: '' }, { body: '<html>' }]
  const hook = await startWebhook(t, () => replies.shift() ?? {})
  const first = failed(await caller.call(to(hook)))
  assert.equal([first.kind, first.code], ['status', 500])
  assert.match(first.message, 'the server responded with the status code 500: out of order')
  assert.is(failed(await caller.call(to(hook))).code, 302)
  assert.is(failed(await caller.call(to(hook))).kind, 'reply')
})

test('nobody listens', async (t) => {
  const { caller } = await callerOf(t)
  const clientConfig = { url: 'https://127.0.0.1:1/x' }
  const reply = failed(await caller.call({ clientConfig, body: {}, timeoutMs: 10_000 }))
  assert.is(reply.message, 'Post "https://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused')
})

test('a service is called at a ready endpoint, under its own name', async (t) => {
  const { caller, api } = await callerOf(t)
  const hook = await startWebhook(t, () => ({ body: {} }))
  const service = { namespace: 'default', name: 'hook', path: '/convert?x=1' }
  const call: WebhookCall = { clientConfig: { service, caBundle: hook.caBundle }, body: {}, timeoutMs: 10_000 }
  assert.is(failed(await caller.call(call)).message, 'service "hook" not found')

  const spec = { ports: [{ name: 'https', port: 443, targetPort: 8443 }] }
  await api.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hook' }, spec })
  assert.is(failed(await caller.call(call)).message, 'no endpoints available for service "hook"')
  const elsewhere = { ...call, clientConfig: { service: { ...service, port: 8443 }, caBundle: hook.caBundle } }
  assert.is(failed(await caller.call(elsewhere)).message, 'no service port 8443 found for service "hook"')

  await api.create('discovery.k8s.io/v1/endpointslices', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: hook.port }],
    endpoints: [
      { addresses: ['127.0.0.2'], conditions: { ready: false } },
      { addresses: ['127.0.0.1'], conditions: { ready: true } },
    ],
  })
  assert.equal(await caller.call(call), { ok: true, value: {} })
  assert.equal(hook.paths, ['/convert?x=1'])
})
