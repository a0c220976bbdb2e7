/** A webhook for tests: an HTTPS server with a certificate of its own authority. */
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createKey, issueCertificate } from './http/certificate.js'

export interface TestWebhook {
  readonly port: number
  /** "https://127.0.0.1:port" */
  readonly url: string
  /** Base64 of the PEM of its authority. */
  readonly caBundle: string
  /** Bodies of the calls so far. */
  readonly bodies: unknown[]
  readonly paths: string[]
  readonly connections: Set<Duplex>
}
export interface TestReply {
  readonly code?: number
  /** Sent as JSON, but text as it is. Absent: the call hangs. */
  readonly body?: unknown
}

export async function startWebhook(
  /** The test: it closes what is opened here. */
  t: { defer(undo: () => Promise<void>): void },
  answer: (body: unknown, request: IncomingMessage) => TestReply,
  names: readonly string[] = ['127.0.0.1', 'hook.default.svc'],
): Promise<TestWebhook> {
  const { key, certificate, authority } = await certificates(names)
  const bodies: unknown[] = []
  const paths: string[] = []
  const connections = new Set<Duplex>()
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
      bodies.push(body)
      paths.push(request.url ?? '')
      const { code = 200, body: reply } = answer(body, request)
      if (reply === undefined) return
      response.writeHead(code, { 'content-type': 'application/json' })
      response.end(typeof reply === 'string' ? reply : JSON.stringify(reply))
    })
  })
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.defer(() => {
    for (const socket of connections) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const { port } = server.address() as AddressInfo
  const caBundle = Buffer.from(authority).toString('base64')
  return { port, url: `https://127.0.0.1:${port}`, caBundle, bodies, paths, connections }
}

async function certificates(names: readonly string[]): Promise<{ key: string; certificate: string; authority: string }> {
  const period = { notBefore: 0, notAfter: Date.UTC(2100, 0) }
  const [authorityKey, key] = await Promise.all([createKey(), createKey()])
  const issuer = { commonName: 'test-ca', key: authorityKey }
  const authority = issueCertificate({ commonName: 'test-ca', key: authorityKey, purpose: 'authority', ...period }, issuer)
  const certificate = issueCertificate({ commonName: 'hook', key, purpose: 'server', names, ...period }, issuer)
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate, authority }
}
