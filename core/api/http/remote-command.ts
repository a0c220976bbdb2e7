/** `pods/exec` and `pods/attach`: the caller's terminal at a container, over WebSocket or SPDY. */
import { ApiError } from '../../client/contract.js'
import type { Clock, Logger } from '../../kernel/contract.js'
import { required } from '../../kinds/contract.js'
import type { ExecOptions, ExecStreams, NodeStreams } from '../contract.js'
import type { Exchange } from './exchange.js'
import { containerOf, type PodShape, podRef } from './pod-target.js'
import { isTrue, type Query } from './query.js'
import type { Upgrade } from './upgrade.js'

/** Status of what ran, as it goes over the error stream of protocol v4 and later. */
export type CommandStatus =
  | { readonly metadata: object; readonly status: 'Success' }
  | {
      readonly metadata: object
      readonly status: 'Failure'
      readonly message: string
      readonly reason: string
      readonly code?: number
      readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] }
    }

/** The caller's ends, whatever carries them. */
export interface RemoteChannels {
  readonly streams: ExecStreams
  /** Sends how it ended, and closes the connection. */
  finish(status: CommandStatus): Promise<void>
}
export type ChannelOptions = Pick<ExecOptions, 'tty' | 'stdin' | 'stdout' | 'stderr'>

export interface RemoteCommandServices {
  readonly clock: Clock
  readonly log: Logger
}

export async function serveRemoteCommand(
  exchange: Exchange,
  upgrade: Upgrade | undefined,
  kind: 'exec' | 'attach',
  pod: PodShape,
  node: NodeStreams | undefined,
  services: RemoteCommandServices,
): Promise<void> {
  const options = commandOptions(exchange.query, pod, kind)
  if (node === undefined) throw ApiError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  const phase = pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw ApiError.badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`)
  }
  if (upgrade === undefined) throw ApiError.badRequest('Upgrade request required')
  const channels = await openChannels(upgrade, options, services)
  exchange.replied(101)
  await channels.finish(await run(node, pod, kind, options, channels.streams, services.log))
}

/** 400 or 422 for what cannot be run. */
function commandOptions(query: Query, pod: PodShape, kind: 'exec' | 'attach'): ExecOptions {
  const { first } = query
  const tty = isTrue(first.tty)
  const command = query.all('command')
  const options: ExecOptions = {
    container: containerOf(pod, first.container ?? ''),
    command,
    tty,
    stdin: isTrue(first.stdin),
    // Attaching without a word shows the output; exec has to say.
    stdout: first.stdout === undefined ? kind === 'attach' : isTrue(first.stdout),
    // A terminal has one output.
    stderr: !tty && (first.stderr === undefined ? kind === 'attach' : isTrue(first.stderr)),
  }
  if (kind === 'exec' && command.length === 0) {
    throw ApiError.invalid({ group: '', kind: 'PodExecOptions' }, pod.metadata.name ?? '', [required('command')])
  }
  if (!options.stdin && !options.stdout && !options.stderr) {
    throw ApiError.badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  return options
}

async function openChannels(
  upgrade: Upgrade,
  options: ChannelOptions,
  { clock }: RemoteCommandServices,
): Promise<RemoteChannels> {
  if (upgrade.protocol === 'websocket') {
    const { openWebSocketChannels, commandProtocols } = await import('./remote-websocket.js')
    return openWebSocketChannels(await upgrade.webSocket(commandProtocols), options)
  }
  if (upgrade.protocol === 'spdy/3.1') return (await import('./remote-spdy.js')).openSpdyChannels(upgrade, options, clock)
  throw ApiError.badRequest(`unable to upgrade: the protocol ${JSON.stringify(upgrade.protocol)} is not known`)
}

async function run(
  node: NodeStreams,
  pod: PodShape,
  kind: 'exec' | 'attach',
  options: ExecOptions,
  streams: ExecStreams,
  log: Logger,
): Promise<CommandStatus> {
  try {
    if (kind === 'exec') return exitStatus((await node.exec(podRef(pod), options, streams)).exitCode)
    const { command: _none, ...attach } = options
    await node.attach(podRef(pod), attach, streams)
    return exitStatus(0)
  } catch (error) {
    // A client that leaves is no fault.
    if (!(error instanceof ApiError || streams.signal.aborted)) log.warn({ err: error, pod: podRef(pod) }, `${kind} failed`)
    const { message, reason, code } = (error instanceof ApiError ? error : ApiError.internal(error)).status
    return { metadata: {}, status: 'Failure', message, reason, code }
  }
}

export function exitStatus(exitCode: number): CommandStatus {
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}
