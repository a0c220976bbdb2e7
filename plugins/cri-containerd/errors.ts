import type { RuntimeProblem } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'

/** Of gRPC. */
export const codes = {
  cancelled: 1,
  invalid: 3,
  deadline: 4,
  notFound: 5,
  exists: 6,
  unimplemented: 12,
  unavailable: 14,
} as const

/** The runtime's answer to a call that failed; undefined: no error of gRPC. */
export function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'number' ? code : undefined
}

/** In the runtime's own words. */
export function messageOf(error: unknown): string {
  const said = (error as { details?: unknown } | undefined)?.details
  return typeof said === 'string' && said !== '' ? said : error instanceof Error ? error.message : String(error)
}

/** Stop and remove have done what they are for when there is nothing of that id; containerd 1.6 calls it an error. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (codeOf(error) === codes.notFound) return undefined
    throw error
  }
}

/** Who has the name that a call wanted to give. */
export function reservedFor(error: unknown): string | undefined {
  return /is reserved for "([0-9a-f]+)"/.exec(messageOf(error))?.[1]
}

const faults: readonly (number | undefined)[] = [undefined, codes.cancelled, codes.deadline, codes.unavailable]

/** The runtime has refused the call, rather than not answered it. */
export function isAnswer(error: unknown): boolean {
  return !faults.includes(codeOf(error))
}

/**
 * What the runtime answers is about this Pod, and a matter of the user; no answer is a fault of the runtime and passes
 * as it is.
 */
export function problem(kind: RuntimeProblem, error: unknown): unknown {
  if (error instanceof RuntimeError || !isAnswer(error)) return error
  return new RuntimeError(kind, explain(messageOf(error)), { cause: error })
}

/** Adds what to do where the runtime's words do not say it. */
export function explain(message: string): string {
  if (/can't get final child's PID|oom_score_adj/.test(message)) {
    return `${message} (the runtime may lack the right to lower the OOM score of a process: set restrict_oom_score_adj = true in the section of the CRI plugin of containerd's configuration, and start containerd again)`
  }
  const missing = /failed to find plugin "([^"]+)" in path \[?([^\]]*)\]?/.exec(message)
  if (missing) {
    return `${message} (install the CNI plugins, Debian's package is containernetworking-plugins, and set bin_dir in the section cni of containerd's configuration to their directory)`
  }
  return message
}
