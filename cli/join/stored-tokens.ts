/** The tokens that a cluster has, by its own time: the clock of this machine may be wrong, and the server alone decides. */
import { type Connection, statusError } from '../kube/connection.js'
import { isRemovable, type TokenSecret, tokenSecrets, tokenSecretType } from './bootstrap-token.js'

export interface StoredTokens {
  readonly secrets: readonly TokenSecret[]
  /** Milliseconds since 1970; undefined where the server does not say. */
  readonly now: number | undefined
}

export async function storedTokens(connection: Connection): Promise<StoredTokens> {
  const { code, body, date = '' } = await connection.raw('GET', `${tokenSecrets}?fieldSelector=type%3D${tokenSecretType}`)
  if (code >= 300) throw statusError(code, body)
  const { items } = JSON.parse(body.toString()) as { items: TokenSecret[] }
  const now = Date.parse(date)
  return { secrets: items, now: Number.isNaN(now) ? undefined : now }
}

/** They let nobody in any more; without this they would stay for ever. */
export async function clearExpired(connection: Connection, { secrets, now }: StoredTokens): Promise<void> {
  if (now === undefined) return
  const over = secrets.filter((secret) => isRemovable(secret, now))
  await Promise.all(
    over.map(({ metadata }) =>
      connection.raw('DELETE', `${tokenSecrets}/${metadata.name}`, { body: { preconditions: { uid: metadata.uid } } }),
    ),
  )
}
