import type { Container } from '@davit/core/node'
import type { ContainerEntry } from './state.js'

export function viewOf({ record, startedAt, ending, failure }: ContainerEntry): Container {
  const { id, sandboxId, createdAt, config } = record
  const { name, attempt, image, labels, annotations } = config
  return {
    id,
    sandboxId,
    name,
    attempt,
    image,
    imageId: image,
    state: ending ? 'exited' : startedAt > 0 ? 'running' : 'created',
    createdAt,
    startedAt,
    finishedAt: ending ? Math.max(ending.finishedAt, startedAt) : 0,
    exitCode: ending?.exitCode ?? 0,
    reason: reasonOf(ending, failure),
    message: failure ?? '',
    labels,
    annotations,
  }
}

function reasonOf(ending: ContainerEntry['ending'], failure: string | undefined): string {
  if (!ending) return ''
  if (failure !== undefined) return 'StartError'
  if (ending.outOfMemory) return 'OOMKilled'
  return ending.exitCode === 0 ? 'Completed' : 'Error'
}
