/** For this plugin's tests: an OpenID issuer of one's own, over HTTPS, with a certificate of one's own. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestContext } from '@davit/core/testing'

export interface SigningKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
export const rsaKey = (id: string): SigningKey => ({ id, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) })

export interface Issuer {
  readonly url: string
  /** PEM of the certificate that it is known by, and the file that holds it. */
  readonly ca: string
  readonly caFile: string
  /** What it publishes now. */
  keys: readonly SigningKey[]
  /** Instead of its own documents: what it answers with. */
  broken: { readonly code: number; readonly body: string } | undefined
  /** Paths that were asked for. */
  readonly asked: string[]
  /** A token of good claims, with changes. */
  token(changes?: object, key?: SigningKey): string
}

export const audience = 'davit'

export async function startIssuer(t: TestContext): Promise<Issuer> {
  const directory = await t.directory()
  const [keyFile, caFile] = [join(directory, 'key.pem'), join(directory, 'ca.pem')]
  const subject = ['-subj', '/CN=issuer', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '2']
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile, '-out', caFile]
  await promisify(execFile)('openssl', ['req', '-x509', ...form, ...subject])
  const [key, ca] = await Promise.all([readFile(keyFile, 'utf8'), readFile(caFile, 'utf8')])
  const server = createServer({ key, cert: ca }, (request, response) => {
    issuer.asked.push(request.url ?? '')
    const document = documents[request.url ?? '']
    response.writeHead(issuer.broken?.code ?? (document ? 200 : 404), { 'content-type': 'application/json', connection: 'close' })
    response.end(issuer.broken?.body ?? JSON.stringify(document?.() ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const documents: Readonly<Record<string, () => object>> = {
    '/.well-known/openid-configuration': () => ({ issuer: url, jwks_uri: `${url}/keys` }),
    '/keys': () => ({
      keys: issuer.keys.map(({ id, publicKey }) => ({ kid: id, use: 'sig', ...publicKey.export({ format: 'jwk' }) })),
    }),
  }
  const issuer: Issuer = {
    url,
    ca,
    caFile,
    keys: [rsaKey('first')],
    broken: undefined,
    asked: [],
    token(changes = {}, by = issuer.keys[0]) {
      if (!by) throw new Error('the issuer has no key')
      return signToken({ iss: url, sub: 'jane', aud: audience, exp: 4_000_000_000, ...changes }, by)
    },
  }
  return issuer
}

export function signToken(claims: object, { id, privateKey }: SigningKey, algorithm = 'RS256'): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: algorithm, kid: id })}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}
