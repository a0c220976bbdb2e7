/**
 * Reads requests for certificates (PKCS #10, RFC 2986). They come from outside, so a library parses them; it is loaded with
 * the first one.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { SocketAddress } from 'node:net'
import type { AsnType, Sequence } from 'asn1js'
import type { RequestedCertificate } from '../contract.js'

export interface SigningRequest extends RequestedCertificate {
  readonly key: KeyObject
  /** DER, as sent. */
  readonly subject: Uint8Array
  readonly alternativeNames?: Uint8Array
}

const identifiers = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectAlternativeName: '2.5.29.17',
}
/** The hash of each signature; Ed25519 has its own. */
const hashes: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
])

let library: typeof import('asn1js') | undefined

export async function readSigningRequest(pem: string): Promise<SigningRequest> {
  const match = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]*?)-----END/.exec(pem)
  if (!match) throw new Error('PEM block type must be CERTIFICATE REQUEST')
  library ??= await import('asn1js')
  const { fromBER } = library
  const bytes = Uint8Array.from(Buffer.from(match[1] ?? '', 'base64'))
  const { offset, result } = fromBER(bytes)
  if (offset !== bytes.length) throw new Error('the certificate request is not DER')
  const [info, algorithm, signature] = children(result)
  const [, subject, publicInfo, attributes] = children(info)
  if (!info || !subject || !publicInfo || !signature) throw new Error('the certificate request lacks a part')
  const key = createPublicKey({ key: Buffer.from(raw(publicInfo)), format: 'der', type: 'spki' })
  const [name] = children(algorithm)
  const hash = hashes.get(textOf(name))
  if (hash === undefined) throw new Error(`the signature algorithm ${textOf(name)} is not supported`)
  if (!verify(hash, raw(info), key, bitsOf(signature))) throw new Error('the certificate request is not signed by its own key')
  const names = alternativeNames(attributes)
  return { ...namesOf(subject), ...namesIn(names), key, subject: raw(subject), ...(names && { alternativeNames: raw(names) }) }

  function alternativeNames(list: AsnType | undefined): AsnType | undefined {
    for (const attribute of children(list)) {
      const [identifier, values] = children(attribute)
      if (textOf(identifier) !== identifiers.extensionRequest) continue
      for (const extension of children(children(values)[0])) {
        const parts = children(extension)
        if (textOf(parts[0]) !== identifiers.subjectAlternativeName) continue
        return fromBER(octetsOf(parts.at(-1))).result
      }
    }
    return undefined
  }
}

function namesOf(subject: AsnType): Pick<RequestedCertificate, 'commonName' | 'organizations'> {
  const attributes = children(subject).flatMap((set) => children(set).map((pair) => children(pair)))
  const values = (identifier: string): string[] =>
    attributes.filter(([name]) => textOf(name) === identifier).map(([, value]) => textOf(value))
  return { commonName: values(identifiers.commonName).at(-1) ?? '', organizations: values(identifiers.organization) }
}

/** By their tags in GeneralName: 2 is a DNS name, 7 an address. */
function namesIn(list: AsnType | undefined): Pick<RequestedCertificate, 'dnsNames' | 'ipAddresses' | 'otherNames'> {
  const names = children(list)
  const valuesOf = (tag: number): Buffer[] =>
    names.filter((name) => name.idBlock.tagNumber === tag).map((name) => Buffer.from(octetsOf(name)))
  const dnsNames = valuesOf(2).map((bytes) => bytes.toString('latin1'))
  const ipAddresses = valuesOf(7).map(addressText)
  return { dnsNames, ipAddresses, otherNames: names.length - dnsNames.length - ipAddresses.length }
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) throw new Error('the certificate request has an address that is none')
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}

/** None, where it is no list. */
function children(node: AsnType | undefined): readonly AsnType[] {
  const list = (node as Sequence | undefined)?.valueBlock.value
  return Array.isArray(list) ? list : []
}

const raw = (node: AsnType): Uint8Array => node.valueBeforeDecodeView

/** An identifier in dots, or a text. */
function textOf(node: AsnType | undefined): string {
  const block = node?.valueBlock as { readonly value?: unknown } | undefined
  if (typeof block?.value === 'string') return block.value
  const value = (node as { getValue?(): unknown } | undefined)?.getValue?.()
  return typeof value === 'string' ? value : ''
}

function octetsOf(node: AsnType | undefined): Uint8Array {
  const block = node?.valueBlock as { readonly valueHexView?: Uint8Array } | undefined
  if (!block?.valueHexView) throw new Error('the certificate request has an extension or a name without a value')
  return Uint8Array.from(block.valueHexView)
}

const bitsOf = octetsOf
