/** `pods/log`: the text that a container printed, as it comes. */
import { ApiError } from '../../client/contract.js'
import type { Clock } from '../../kernel/contract.js'
import { type FieldError, forbidden, invalid } from '../../kinds/contract.js'
import type { LogOptions, NodeStreams } from '../contract.js'
import { type Exchange, isClosed } from './exchange.js'
import { checkStarted, containerOf, type PodShape, podRef } from './pod-target.js'
import { isTrue } from './query.js'
import { drained, sendBytes } from './reply.js'
import type { Upgrade } from './upgrade.js'

type Parameters = Readonly<Record<string, string>>

/** How long an error of the node may take and still become the code of the reply. */
const firstChunkMs = 250
const textType = 'text/plain; charset=utf-8'

/** Throws 400 or 422 for options that make no sense. */
export function logOptions(pod: PodShape, query: Parameters, now: number): Omit<LogOptions, 'signal'> {
  const errors: FieldError[] = []
  const tailLines = integer(query, 'tailLines', 0, errors)
  const limitBytes = integer(query, 'limitBytes', 1, errors)
  const sinceSeconds = integer(query, 'sinceSeconds', 1, errors)
  const sinceTime = query.sinceTime ? Date.parse(query.sinceTime) : undefined
  if (Number.isNaN(sinceTime)) throw ApiError.badRequest(`sinceTime is no time: ${JSON.stringify(query.sinceTime)}`)
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  }
  if (errors.length > 0) throw ApiError.invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name ?? '', errors)
  const since = sinceTime ?? (sinceSeconds === undefined ? undefined : now - sinceSeconds * 1000)
  return {
    container: containerOf(pod, query.container ?? ''),
    follow: isTrue(query.follow),
    previous: isTrue(query.previous),
    timestamps: isTrue(query.timestamps),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(since === undefined ? {} : { sinceTime: since }),
  }
}

function integer(query: Parameters, name: string, least: number, errors: FieldError[]): number | undefined {
  const text = query[name]
  if (text === undefined || text === '') return undefined
  if (!/^-?\d{1,15}$/.test(text)) throw ApiError.badRequest(`${name} must be an integer, not ${JSON.stringify(text)}`)
  const value = Number(text)
  const bound = least === 0 ? 'greater than or equal to 0' : 'greater than 0'
  if (value < least) errors.push(invalid(name, value, `must be ${bound}`))
  return value
}

export async function serveLogs(
  exchange: Exchange,
  pod: PodShape,
  findStreams: () => NodeStreams | undefined,
  clock: Clock,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const options = logOptions(pod, exchange.query.first, clock.now())
  const streams = findStreams()
  // As Kubernetes: a pod that no node has yet has printed nothing.
  if (streams === undefined) return sendBytes(exchange, 200, textType, new Uint8Array(0))
  if (!options.previous) checkStarted(pod, options.container)
  const gone = new AbortController()
  exchange.response.on('close', () => gone.abort())
  const chunks = streams.logs(podRef(pod), { ...options, signal: gone.signal })[Symbol.asyncIterator]()
  const first = chunks.next()
  try {
    const late = await isLate(first, clock)
    if (upgrade) {
      if (!late) await first
      await (await import('./log-socket.js')).streamLogSocket(exchange, upgrade, first, chunks, gone)
    } else await streamLogs(exchange, first, late, chunks)
  } finally {
    gone.abort()
    await chunks.return?.()
  }
}

async function streamLogs(
  exchange: Exchange,
  first: Promise<IteratorResult<Uint8Array>>,
  late: boolean,
  chunks: AsyncIterator<Uint8Array>,
): Promise<void> {
  const { response } = exchange
  let begun = false
  const begin = (): void => {
    if (begun || isClosed(exchange)) return
    begun = true
    exchange.replied(200)
    response.writeHead(200, { 'content-type': textType, 'cache-control': 'no-cache, private' })
    response.flushHeaders()
  }
  if (late) begin()
  for (let step = await first; !step.done && !isClosed(exchange); step = await chunks.next()) {
    begin()
    if (!response.write(step.value)) await drained(exchange)
  }
  begin()
  if (!isClosed(exchange)) response.end()
}

/** Whether `first` takes so long that the headers should not wait for it any more. */
async function isLate(first: Promise<unknown>, clock: Clock): Promise<boolean> {
  const settled = new AbortController()
  const done = (): void => settled.abort()
  first.then(done, done)
  return clock.sleep(firstChunkMs, settled.signal).then(
    () => true,
    () => false,
  )
}
