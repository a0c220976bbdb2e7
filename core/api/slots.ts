/** The slots of the API, and how the pipeline calls them. */
import { ApiError } from '../client/contract.js'
import { createSlot, DavitError } from '../kernel/contract.js'
import type { ApiHooks } from './contract.js'

export function createHooks(): ApiHooks {
  return {
    authorize: createSlot('api.authorize', 'asyncBail'),
    mutate: createSlot('api.admit.mutate', 'asyncWaterfall'),
    validate: createSlot('api.admit.validate', 'asyncBail'),
    committed: createSlot('api.committed', 'sync'),
    requests: createSlot('api.requests', 'sync'),
  }
}

/** A refusal that a tap throws is the answer of the API; anything else that it throws is its bug, a 500. */
export async function callSlot<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw refusalIn(error) ?? ApiError.internal(error)
  }
}

function refusalIn(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  return error instanceof DavitError && error.cause instanceof ApiError ? error.cause : undefined
}
