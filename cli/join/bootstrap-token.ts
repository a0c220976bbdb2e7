/** Bootstrap tokens: what a machine shows once to become a node, kept as Kubernetes keeps them. */
import { randomInt } from 'node:crypto'
import { CliError } from '../output/cli-error.js'

export const tokenSecretType = 'bootstrap.kubernetes.io/token'
export const tokenSecrets = '/api/v1/namespaces/kube-system/secrets'
/** Whom the roles for joining are given to; not every bootstrap token is for nodes. */
export const joiningGroup = 'system:bootstrappers:davit:default-node-token'

export interface BootstrapToken {
  /** Six characters, which may be seen. */
  readonly id: string
  /** Sixteen, which may not. */
  readonly secret: string
}

export interface TokenSecret {
  readonly metadata: { readonly name: string; readonly uid?: string }
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

export function createToken(): BootstrapToken {
  const word = (length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
  return { id: word(6), secret: word(16) }
}

export function parseToken(text: string): BootstrapToken {
  const [, id, secret] = form.exec(text) ?? []
  if (id && secret) return { id, secret }
  throw new CliError('a token is six characters, a dot and sixteen characters, of a to z and 0 to 9', {
    hint: 'let `davit token create` make one',
  })
}

/** The id in a token, or alone. */
export function tokenId(text: string): string {
  if (/^[a-z0-9]{6}$/.test(text)) return text
  return parseToken(text).id
}

export const secretName = (id: string): string => `bootstrap-token-${id}`

/** `expires`: milliseconds since 1970; undefined: never. */
export function secretOf({ id, secret }: BootstrapToken, expires: number | undefined, description: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName(id), namespace: 'kube-system' },
    type: tokenSecretType,
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': joiningGroup,
      ...(expires !== undefined && { expiration: timeText(expires) }),
      ...(description !== '' && { description }),
    },
  }
}

export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** What is stored under a key, as text. */
export function textOf({ data }: TokenSecret, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8')
}

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i

/** Milliseconds since 1970; Infinity: never; NaN: it cannot be read. */
function endOf(secret: TokenSecret): number {
  const expiration = textOf(secret, 'expiration')
  if (expiration === '') return Number.POSITIVE_INFINITY
  return timeForm.test(expiration) ? Date.parse(expiration) : Number.NaN
}

/** It lets nobody in. A time that cannot be read is over, as it is for the server. */
export function isExpired(secret: TokenSecret, now: number): boolean {
  return !(endOf(secret) > now)
}

/** It may be removed: what cannot be read is for people to look at. */
export function isRemovable(secret: TokenSecret, now: number): boolean {
  return endOf(secret) <= now
}
