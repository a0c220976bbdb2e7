/** What a client of this process asks a remote API server for, in the name of its user. */
import { type DelegateAddress, remoteHeaders, type UserInfo } from '@davit/core/api'
import { ApiError, type FailureStatus } from '@davit/core/client'
import type { KubeObject } from '@davit/core/kinds'
import { type Answer, type Asker, ask } from './ask.js'

export async function readRemote(
  asker: Asker,
  address: DelegateAddress | undefined,
  path: string,
  user: UserInfo,
  signal: AbortSignal | undefined,
): Promise<KubeObject> {
  if (!address) throw unavailable('the server is currently unable to handle the request')
  const until = signal ? AbortSignal.any([asker.signal, signal]) : asker.signal
  const answer = await ask(asker, address, path, until, remoteHeaders(user)).catch((error: Error) => {
    throw unavailable(`error trying to reach service: ${error.message}`)
  })
  const object = objectIn(answer)
  if (answer.code >= 200 && answer.code <= 299 && object) return object
  if (object?.kind === 'Status') throw new ApiError(object as unknown as FailureStatus)
  // A server that answers in its own words.
  if (answer.code === 404) throw ApiError.unknownPath()
  throw unavailable(`the server answered with ${answer.code}: ${answer.text.slice(0, 200)}`)
}

function unavailable(message: string): ApiError {
  return ApiError.of('ServiceUnavailable', message)
}

function objectIn({ text }: Answer): KubeObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as KubeObject) : undefined
  } catch {
    return undefined
  }
}
