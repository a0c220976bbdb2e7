/** What the runtime has of one Pod, as far as is known here: kept current by looking again at what may have changed. */
import type { Container, Runtime, Sandbox } from './contract.js'

export class PodRuntime {
  sandboxes: readonly Sandbox[] = []
  containers: readonly Container[] = []
  private readonly runtime: Runtime
  private readonly uid: string
  private containersStale = false
  private sandboxesStale = false

  constructor(runtime: Runtime, uid: string) {
    this.runtime = runtime
    this.uid = uid
  }

  /** What a listing of the node found. */
  adopt(sandboxes: readonly Sandbox[], containers: readonly Container[]): void {
    this.sandboxes = newestFirst(sandboxes)
    this.containers = containers
  }
  addSandbox(sandbox: Sandbox): void {
    this.sandboxes = newestFirst([sandbox, ...this.sandboxes])
  }
  dropSandbox(id: string): void {
    this.sandboxes = this.sandboxes.filter((sandbox) => sandbox.id !== id)
    this.containers = this.containers.filter((container) => container.sandboxId !== id)
  }
  addContainer(container: Container): void {
    this.containers = [...this.containers, container]
  }
  dropContainer(id: string): void {
    this.containers = this.containers.filter((container) => container.id !== id)
  }

  containersChanged(): void {
    this.containersStale = true
  }
  sandboxesChanged(): void {
    this.sandboxesStale = true
    this.containersStale = true
  }

  /** Looks again where something was announced. Returns the containers that have exited since. */
  async refresh(): Promise<readonly Container[]> {
    if (this.sandboxesStale) {
      this.sandboxesStale = false
      await this.attempt(
        () => (this.sandboxesStale = true),
        () => this.refreshSandboxes(),
      )
    }
    if (!this.containersStale) return []
    this.containersStale = false
    return this.attempt(
      () => (this.containersStale = true),
      () => this.refreshContainers(),
    )
  }

  private async attempt<T>(undo: () => void, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      undo()
      throw error
    }
  }

  private async refreshSandboxes(): Promise<void> {
    const all = await this.runtime.listSandboxes()
    this.sandboxes = newestFirst(all.filter((sandbox) => sandbox.pod.uid === this.uid))
  }

  /** What has exited stays as it is: only the others are asked for. */
  private async refreshContainers(): Promise<readonly Container[]> {
    const exited: Container[] = []
    const kept: Container[] = []
    for (const known of this.containers) {
      const now = known.state === 'exited' ? known : await this.runtime.container(known.id)
      if (now) kept.push(now)
      if (now?.state === 'exited' && known.state !== 'exited') exited.push(now)
    }
    this.containers = kept
    return exited
  }
}

function newestFirst(sandboxes: readonly Sandbox[]): readonly Sandbox[] {
  return [...sandboxes].sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
}
