/** For this room's tests: Pods, sandboxes and containers in a line each. */
import type { Pod, Container as PodContainer, PodSpec, PodStatus } from '../kinds/contract.js'
import { defaultBackOff } from './back-off.js'
import type { Container, Sandbox } from './contract.js'
import type { Action } from './plan.js'
import type { ContainerMemory, PodState } from './state.js'

export const now = Date.UTC(2024, 0, 1, 12)
const at = (secondsAgo: number): number => now - secondsAgo * 1000

export function pod(spec: Partial<PodSpec> = {}, status?: PodStatus, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u1', resourceVersion: '1', ...metadata },
    spec: { containers: [container('main')], nodeName: 'one', ...spec },
    ...(status ? { status } : {}),
  }
}

export function container(name: string, more: Partial<PodContainer> = {}): PodContainer {
  return { name, image: `${name}:1`, ...more }
}
export const sidecar = (name: string, more: Partial<PodContainer> = {}): PodContainer =>
  container(name, { restartPolicy: 'Always', ...more })

export function sandbox(more: Partial<Sandbox> = {}): Sandbox {
  const of = { namespace: 'default', name: 'web', uid: 'u1' }
  return {
    id: 's0',
    pod: of,
    attempt: 0,
    state: 'ready',
    createdAt: at(100),
    ips: ['10.0.0.2'],
    labels: {},
    annotations: {},
    ...more,
  }
}

/** "main", "main#2" for the attempt. Started 60 s ago; those that ended did so 5 s ago. */
export function running(name: string, more: Partial<Container> = {}): Container {
  const [plain = '', attempt = '0'] = name.split('#')
  return {
    id: name,
    sandboxId: 's0',
    name: plain,
    attempt: Number(attempt),
    image: `${plain}:1`,
    imageId: `sha256:${plain}`,
    state: 'running',
    createdAt: at(61),
    startedAt: at(60),
    finishedAt: 0,
    exitCode: 0,
    reason: '',
    message: '',
    labels: {},
    annotations: {},
    ...more,
  }
}
export function exited(name: string, exitCode: number, more: Partial<Container> = {}): Container {
  const reason = exitCode === 0 ? 'Completed' : 'Error'
  return running(name, { state: 'exited', finishedAt: at(5), exitCode, reason, ...more })
}

export interface Given {
  readonly pod?: Pod
  readonly sandboxes?: readonly Sandbox[]
  readonly containers?: readonly Container[]
  readonly memory?: Readonly<Record<string, ContainerMemory>>
  readonly more?: Partial<PodState>
}

export function state(given: Given = {}): PodState {
  return {
    pod: given.pod ?? pod(),
    sandboxes: given.sandboxes ?? [sandbox()],
    containers: given.containers ?? [],
    memory: new Map(Object.entries(given.memory ?? {})),
    backOff: defaultBackOff,
    now,
    ...given.more,
  }
}

/** "start main#1", "stop main in 30": an action as a test writes it. */
export function word(action: Action): string {
  switch (action.type) {
    case 'runSandbox':
      return `run sandbox #${action.attempt}`
    case 'startContainer':
      return `start ${action.spec.name}#${action.attempt}`
    case 'stopContainer':
      return `stop ${action.container.id} in ${action.graceSeconds}`
    case 'stopSandbox':
      return `stop sandbox ${action.id}`
    case 'removeSandbox':
      return `remove sandbox ${action.id}`
    case 'removeContainer':
      return `remove ${action.id}`
  }
}
