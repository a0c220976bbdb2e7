import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createClock } from '../../kernel/host.js'
import { assert, test } from '../../testing/contract.js'
import { certificateNames } from './addresses.js'
import { openListener } from './listener.js'
import { loadCertificates } from './pki.js'
import { machineAddress, podAccess } from './pod-access.js'

const machine = '192.168.1.5'
const config = (address: string, podCidr = '10.244.0.0/16', advertiseAddress = '') => ({ address, podCidr, advertiseAddress })

test('where Pods reach the server', () => {
  const host = (...words: Parameters<typeof config>) => podAccess(config(...words), machine)?.host
  assert.is(host('127.0.0.1'), machine)
  assert.is(host('localhost'), machine)
  assert.is(host('::1'), machine)
  assert.is(host('0.0.0.0'), machine)
  assert.is(host('0.0.0.0', '', '10.9.9.9'), '10.9.9.9')
  assert.is(host('192.168.1.7'), '192.168.1.7')
  assert.is(host('192.168.1.7', '', '10.9.9.9'), '10.9.9.9')
  assert.is(host('192.168.1.7', '', '127.0.0.1'), '192.168.1.7')
})

test('where they do not: there are none, or the machine has no address', () => {
  assert.is(podAccess(config('127.0.0.1', ''), machine), undefined)
  assert.is(podAccess(config('127.0.0.1'), undefined), undefined)
  assert.is(podAccess(config('0.0.0.0'), undefined), undefined)
})

test('only a server for this machine alone asks who comes: Pods, and the machine itself', () => {
  assert.is(podAccess(config('0.0.0.0'), machine)?.admits, undefined)
  const admits = podAccess(config('127.0.0.1'), machine)?.admits
  assert.ok(admits)
  const welcome = ['10.244.0.2', '10.244.255.254', machine]
  const cut = ['192.168.1.6', '10.243.0.1', '10.245.0.1', '127.0.0.1', '8.8.8.8', '::1', '', undefined]
  for (const remote of welcome) assert.is(admits(remote, machine), true, remote)
  for (const remote of cut) assert.is(admits(remote, machine), false, remote)
  assert.is(admits(undefined, undefined), false, 'a connection that is over already')
})

test('the machine’s address is none that Pods’ networks gave it', () => {
  const found = machineAddress('')
  if (found === undefined) return
  assert.not.match(found, /^127\./)
  assert.is.not(machineAddress(`${found}/24`), found)
})

test('who is not let in hears nothing, not even a certificate; who is speaks TLS', async (t) => {
  const pki = await loadCertificates({
    directory: await t.directory(),
    names: certificateNames([], { address: '10.96.0.1', clusterDomain: 'cluster.local' }),
    now: Date.now(),
  })
  const tls = { key: pki.server.key, cert: pki.server.certificate, ca: pki.authority.certificate }
  const limits = { headersTimeoutMs: 5000, requestTimeoutMs: 5000, idleTimeoutMs: 5000, strangers: 10 }
  let open = false
  const place = { host: '127.0.0.1', port: 0, admits: () => open }
  const listener = await openListener({ ...place, tls, ...limits, clock: createClock() })
  t.defer(() => listener[Symbol.asyncDispose]())
  const { port } = listener
  const heard = await new Promise<number>((resolve) => {
    let bytes = 0
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('16030100010100', 'hex')))
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(bytes))
  })
  assert.is(heard, 0)
  open = true
  await new Promise<void>((resolve, reject) => {
    // As a Pod knows it.
    const socket = connectTls({ host: '127.0.0.1', port, servername: 'kubernetes.default.svc', ca: tls.ca }, () => {
      socket.end()
      resolve()
    })
    socket.on('error', reject)
  })
})
