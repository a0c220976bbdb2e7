/**
 * Makes X.509 certificates over EC P-256 keys. The signatures are OpenSSL's; only the structure is written here,
 * because loading a certificate library costs more than the whole start of the server may.
 */
import { createHash, createPublicKey, generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import * as der from './der.js'
import { ipVersion } from './ip-version.js'

export interface CertificateRequest {
  readonly commonName: string
  readonly organizations?: readonly string[]
  /** Whose public part the certificate is about. */
  readonly key: KeyObject
  readonly purpose: 'authority' | 'server' | 'client'
  /** DNS names and IP addresses, for a server. */
  readonly names?: readonly string[]
  /** What somebody sent, as it was sent: counts in place of the names above. */
  readonly sent?: { readonly subject: Uint8Array; readonly alternativeNames?: Uint8Array }
  /** In Kubernetes' words, in place of what the purpose implies: "digital signature", "client auth". */
  readonly usages?: readonly string[]
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}
export interface Issuer {
  readonly commonName: string
  readonly key: KeyObject
}

const identifiers = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
} as const

/** What certificates may be asked for: bits of the key usage, and extended usages. */
const usageBits: Readonly<Record<string, number>> = { 'digital signature': 0x80, 'key encipherment': 0x20 }
const extendedUsages: Readonly<Record<string, string>> = {
  'server auth': identifiers.serverAuthentication,
  'client auth': identifiers.clientAuthentication,
}

/** The bits keyCertSign, cRLSign and digitalSignature; for others digitalSignature alone. */
const usage = { authority: [Uint8Array.of(0x86), 1], other: [Uint8Array.of(0x80), 7] } as const

const generate = promisify(generateKeyPair)

/** A private key. */
export async function createKey(): Promise<KeyObject> {
  const pair = await generate('ec', { namedCurve: 'prime256v1' })
  return pair.privateKey
}

/** PEM. For a self-signed authority the issuer's key is the request's own. */
export function issueCertificate(request: CertificateRequest, issuer: Issuer): string {
  const algorithm = der.sequence(der.objectIdentifier(identifiers.ecdsaWithSha256))
  const body = der.sequence(
    der.tagged(0, true, der.integer(Uint8Array.of(2))),
    der.integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer.commonName, []),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    request.sent ? Buffer.from(request.sent.subject) : distinguishedName(request.commonName, request.organizations ?? []),
    publicInfo(request.key),
    der.tagged(3, true, der.sequence(...extensions(request, issuer))),
  )
  const certificate = der.sequence(body, algorithm, der.bitString(sign('sha256', body, issuer.key)))
  return new X509Certificate(certificate).toString()
}

export interface SigningRequestContent {
  readonly commonName: string
  readonly organizations?: readonly string[]
  /** Private: the request is signed with it. */
  readonly key: KeyObject
  /** Taken as such also where they look like addresses. */
  readonly dnsNames?: readonly string[]
}

/** PEM of a request for a certificate (PKCS #10). */
export function createSigningRequest({ commonName, organizations = [], key, dnsNames = [] }: SigningRequestContent): string {
  const alternatives = extension(identifiers.subjectAlternativeName, false, der.sequence(...dnsNames.map(dnsName)))
  const wanted = der.sequence(der.objectIdentifier(identifiers.extensionRequest), der.set(der.sequence(alternatives)))
  const info = der.sequence(
    der.integer(Uint8Array.of(0)),
    distinguishedName(commonName, organizations),
    publicInfo(key),
    der.tagged(0, true, ...(dnsNames.length > 0 ? [wanted] : [])),
  )
  const algorithm = der.sequence(der.objectIdentifier(identifiers.ecdsaWithSha256))
  const request = der.sequence(info, algorithm, der.bitString(sign('sha256', info, key)))
  const lines = request.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n')
}

function distinguishedName(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (identifier: string, value: string): Buffer =>
    der.set(der.sequence(der.objectIdentifier(identifier), der.utf8String(value)))
  return der.sequence(
    ...organizations.map((organization) => attribute(identifiers.organization, organization)),
    attribute(identifiers.commonName, commonName),
  )
}

function extensions(request: CertificateRequest, issuer: Issuer): Buffer[] {
  const authority = request.purpose === 'authority'
  const list = [
    extension(identifiers.basicConstraints, true, authority ? der.sequence(der.boolean(true)) : der.sequence()),
    ...(saysKeyUsage(request) ? [extension(identifiers.keyUsage, true, keyUsage(request))] : []),
    extension(identifiers.subjectKeyIdentifier, false, der.octetString(keyIdentifier(request.key))),
    extension(identifiers.authorityKeyIdentifier, false, der.sequence(der.tagged(0, false, keyIdentifier(issuer.key)))),
  ]
  if (!authority) {
    const asked = request.usages ?? [request.purpose === 'server' ? 'server auth' : 'client auth']
    const purposes = asked.flatMap((usage) => extendedUsages[usage] ?? []).map(der.objectIdentifier)
    list.push(extension(identifiers.extendedKeyUsage, false, der.sequence(...purposes)))
  }
  const { sent, names = [] } = request
  const alternatives = sent ? sent.alternativeNames : names.length > 0 ? der.sequence(...names.map(alternativeName)) : undefined
  if (alternatives) list.push(extension(identifiers.subjectAlternativeName, false, Buffer.from(alternatives)))
  return list
}

/** An empty one would forbid everything: where no bit is asked for, none is said and all are allowed. */
function saysKeyUsage({ usages }: CertificateRequest): boolean {
  return !usages || usages.some((usage) => Object.hasOwn(usageBits, usage))
}

function keyUsage({ purpose, usages }: CertificateRequest): Buffer {
  const [preset, unused] = purpose === 'authority' ? usage.authority : usage.other
  if (!usages) return der.bitString(preset, unused)
  const bits = usages.reduce((sum, each) => sum | (usageBits[each] ?? 0), 0)
  // A list of named bits ends with the last that is set.
  return der.bitString(Uint8Array.of(bits), bits & 0x20 ? 5 : 7)
}

function extension(identifier: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der.boolean(true)] : []
  return der.sequence(der.objectIdentifier(identifier), ...flag, der.octetString(value))
}

function alternativeName(name: string): Buffer {
  return ipVersion(name) === 0 ? dnsName(name) : der.tagged(7, false, addressBytes(name))
}

function dnsName(name: string): Buffer {
  return der.tagged(2, false, Buffer.from(name, 'latin1'))
}

/** The 4 or 16 bytes of an IP address in any of its written forms. */
export function addressBytes(address: string): Buffer {
  if (ipVersion(address) === 4) return Buffer.from(address.split('.').map(Number))
  const plain = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_whole, ...digits: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = digits.map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [head = '', tail] = plain.split('::')
  const groups = (text: string | undefined): number[] => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [])
  const [before, after] = [groups(head), groups(tail)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

function publicInfo(key: KeyObject): Buffer {
  return (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' })
}
function keyIdentifier(key: KeyObject): Buffer {
  const info = publicInfo(key)
  // RFC 5280, 4.2.1.2: of the bits of the key alone, which are the last 65 bytes for P-256. For other keys of all there is.
  const isP256 = key.asymmetricKeyType === 'ec' && info.length === 91
  return createHash('sha1')
    .update(isP256 ? info.subarray(-65) : info)
    .digest()
}
