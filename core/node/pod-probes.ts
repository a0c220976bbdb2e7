/** Joins the probers of a Pod with what the agent remembers of its containers. */
import type { Container as PodContainer, Probe } from '../kinds/contract.js'
import type { Sandbox } from './contract.js'
import type { Target } from './handlers.js'
import type { NodeRuntime } from './node-context.js'
import type { PodMemory } from './pod-memory.js'
import { type Probed, type ProbeKind, Probes } from './probes.js'
import { isReady, isStarted, type PodState, viewsOf } from './state.js'

export interface PodProbesListener {
  /** A result that the Pod's status or plan depends on. */
  changed(): void
  failed(container: string, kind: ProbeKind, message: string): void
}

export class PodProbes {
  private readonly node: NodeRuntime
  private readonly memory: PodMemory
  private readonly listener: PodProbesListener
  private readonly probes: Probes
  private podGrace = 30

  constructor(node: NodeRuntime, memory: PodMemory, listener: PodProbesListener) {
    this.node = node
    this.memory = memory
    this.listener = listener
    this.probes = new Probes(node.clock, {
      started: (name) => this.remember(name, { started: true }),
      ready: (name, ready) => this.remember(name, { ready }),
      unhealthy: (name, id, kind, probe) => this.unhealthy(name, id, kind, probe),
      failed: (name, kind, message) => listener.failed(name, kind, message),
    })
  }

  sync(state: PodState, ending: boolean): void {
    this.podGrace = state.pod.spec.terminationGracePeriodSeconds ?? 30
    const running: Probed[] = []
    for (const view of viewsOf(state).all) {
      const { spec, current, memory } = view
      if (!spec.startupProbe && !spec.readinessProbe && !spec.livenessProbe) continue
      if (current?.state !== 'running' || memory.hookRuns) continue
      const target = this.target(spec, current.id, state.sandboxes[0])
      running.push({ target, startedAt: current.startedAt, started: isStarted(view), ready: isReady(view) })
    }
    this.probes.sync(running, ending)
  }

  stop(): void {
    this.probes.stop()
  }

  target(container: PodContainer, containerId: string, sandbox: Sandbox | undefined): Target {
    const { runtime, supports, clock } = this.node
    // Without a network of its own a Pod listens at the node's address, as its status says.
    const host = sandbox?.ips[0] ?? this.node.hostIps[0] ?? '127.0.0.1'
    const base = { runtime, clock, container, containerId, host }
    return supports.hollow && sandbox ? { ...base, dial: (port) => runtime.dial(sandbox.id, port) } : base
  }

  private unhealthy(name: string, containerId: string, kind: ProbeKind, probe: Probe): void {
    const graceSeconds = probe.terminationGracePeriodSeconds ?? this.podGrace
    const message = `Container ${name} failed ${kind} probe, will be restarted`
    this.remember(name, { unhealthy: { containerId, message, graceSeconds } })
  }

  private remember(name: string, change: Parameters<PodMemory['set']>[1]): void {
    this.memory.set(name, change)
    this.listener.changed()
  }
}
