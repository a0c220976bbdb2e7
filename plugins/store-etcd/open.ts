import { readFile } from 'node:fs/promises'
import { type Clock, DavitError, type Logger, type Random } from '@davit/core/kernel'
import type { EtcdConfig } from './config.js'
import { Connection } from './connection.js'
import { messageOf } from './errors.js'
import { Place } from './keys.js'
import { EtcdStore } from './store.js'
import { createTransports, type Tls } from './transport.js'

export interface Services {
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
}

/** Rejects with `DAVIT_STORE_OPEN_FAILED` where etcd does not answer in time, and leaves nothing open then. */
export async function openEtcdStore(config: EtcdConfig, services: Services, origin = 0): Promise<EtcdStore> {
  const { clock, log, random } = services
  const place = new Place(config.prefix, origin)
  const transports = await createTransports(config.endpoints, await tlsOf(config))
  const timeoutMs = config.timeoutSeconds * 1000
  const connection = new Connection(transports, { clock, log, timeoutMs, probeKey: place.markKey })
  try {
    await connection.open()
    const compactionMs = config.compactionSeconds * 1000
    return await EtcdStore.open({ connection, place, clock, log, random, compactionMs })
  } catch (error) {
    connection.close()
    throw failed(config, error)
  }
}

async function tlsOf(config: EtcdConfig): Promise<Tls> {
  const { caFile, certFile, keyFile } = config
  if ((certFile === undefined) !== (keyFile === undefined))
    throw failed(config, new Error('certFile and keyFile belong together'))
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file))
  try {
    const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)])
    return { ca, cert, key }
  } catch (error) {
    throw failed(config, error)
  }
}

function failed({ endpoints }: EtcdConfig, cause: unknown): DavitError {
  const text = `etcd at ${endpoints.join(', ')} cannot be opened: ${messageOf(cause)}`
  return new DavitError('DAVIT_STORE_OPEN_FAILED', text, { cause })
}
