/** Starts one container of a Pod: image, environment, mounts, create, start. */
import type { Pod } from '../kinds/contract.js'
import { containerConfig } from './container-config.js'
import {
  type Container,
  type ContainerConfig,
  type Mount,
  type RuntimeCapabilities,
  RuntimeError,
  type Sandbox,
} from './contract.js'
import { environmentOf } from './environment.js'
import type { NodeRuntime } from './node-context.js'
import { refuseRoot } from './non-root.js'
import type { Action } from './plan.js'
import type { PodFiles } from './pod-files.js'
import type { PodVolumes } from './pod-volumes.js'

export interface StartContext {
  readonly node: NodeRuntime
  readonly pod: Pod
  readonly files: PodFiles
  readonly volumes: PodVolumes
  /** Aborted when the Pod shall end: a pull that nobody waits for is given up. */
  readonly signal: AbortSignal
  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void
  /** Created, not yet started: remembered before the start, so that a failure leaves nothing behind. */
  created(container: Container): void
}

export type StartAction = Extract<Action, { type: 'startContainer' }>

/** Resolves when it runs. Rejects with a `RuntimeError` for what a user can mend. */
export async function startContainer(action: StartAction, context: StartContext): Promise<string> {
  const { node, event } = context
  const { spec, sandbox } = action
  if (node.supports.images) await node.images.ensure(spec, imageEvents(action, context), context.signal)
  context.signal.throwIfAborted()
  if (!node.supports.hollow)
    await refuseRoot(context.pod, spec, async () => (await node.runtime.image(spec.image ?? ''))?.user ?? '')
  const config = await configOf(action, context)
  refuseUnsupported(config, node.supports)
  const id = await node.runtime.createContainer(sandbox, config)
  context.created(created(id, config, sandbox, node.clock.now()))
  event('Normal', 'Created', `Created container: ${spec.name}`, spec.name)
  await node.runtime.startContainer(id)
  event('Normal', 'Started', `Started container ${spec.name}`, spec.name)
  return id
}

function refuseUnsupported({ security, mounts }: ContainerConfig, supports: RuntimeCapabilities): void {
  if (supports.hollow) return
  const refuse = (what: string): never => {
    throw new RuntimeError('CreateContainerError', `${what}, which the runtime of this node cannot give`)
  }
  if (security.seccomp?.type === 'Localhost' && !supports.seccomp) refuse('the container asks for a seccomp profile of its own')
  const shared = mounts.find(({ propagation }) => propagation !== undefined)
  if (shared && !supports.mountPropagation)
    refuse(`the mount at ${shared.containerPath} asks for propagation ${shared.propagation}`)
}

function imageEvents({ spec }: StartAction, { event }: StartContext) {
  return {
    pulling: (image: string) => event('Normal', 'Pulling', `Pulling image "${image}"`, spec.name),
    pulled: (image: string, ms: number) =>
      event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${Math.round(ms)}ms`, spec.name),
    present: (image: string) => event('Normal', 'Pulled', `Container image "${image}" already present on machine`, spec.name),
  }
}

async function configOf(action: StartAction, context: StartContext): Promise<ContainerConfig> {
  const { node, pod, event } = context
  const { spec, attempt, sandbox, sharesProcessesOf } = action
  const { supports, sources, hostIps, allocatable } = node
  const podIps = sandbox.ips.length > 0 ? sandbox.ips : hostIps
  const services = await sources.services(pod.metadata.namespace ?? '')
  const environment = await environmentOf(spec, { pod, podIps, hostIps, allocatable, read: sources, services })
  if (environment.skipped.length > 0) {
    const names = environment.skipped.join(', ')
    event('Warning', 'InvalidEnvironmentVariableNames', `Keys [${names}] were skipped since they are not valid names`, spec.name)
  }
  const parts = { pod, spec, attempt, environment, sharesProcessesOf, limits: node.limits }
  if (supports.hollow) return containerConfig({ ...parts, mounts: [], terminationMessageFile: undefined })
  const message = await context.files.messageFile(spec, attempt)
  const mounts = [
    ...(await context.volumes.mountsOf(spec, environment.variables)),
    ...(await ownMounts(action, context, podIps, message.mount)),
  ]
  return containerConfig({ ...parts, mounts, terminationMessageFile: message.file })
}

/** Files that only make sense at their path inside a container. */
async function ownMounts({ spec }: StartAction, context: StartContext, ips: readonly string[], message: Mount): Promise<Mount[]> {
  if (!context.node.supports.mounts) return []
  const hosts = await context.files.hostsMount(context.pod, spec, ips, context.node.dns.clusterDomain)
  return hosts ? [hosts, message] : [message]
}

function created(id: string, config: ContainerConfig, sandbox: Sandbox, now: number): Container {
  const { name, attempt, image, labels, annotations } = config
  const life = { state: 'created', createdAt: now, startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '' } as const
  return { id, sandboxId: sandbox.id, name, attempt, image, imageId: '', labels, annotations, ...life }
}
