/** What keeps a process alive besides its standard streams: the leak check after each test file. */

// Touched here so that the streams, made at first use, belong to the start and not to a test.
process.stdout.fd
process.stderr.fd

/** The kinds of resource that hold the event loop open now, each with its count. */
export function openResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/**
 * What is open beyond `start`, as "TCPServerWrap ×2". Closing takes a few turns of the event loop, so a resource
 * counts as leaked only when it is still there after `graceMs`.
 */
export async function leakedSince(start: ReadonlyMap<string, number>, graceMs = 500): Promise<string[]> {
  const deadline = performance.now() + graceMs
  for (;;) {
    const leaked = beyond(start, openResources())
    if (leaked.length === 0 || performance.now() > deadline) return leaked
    await pause(10)
  }
}

function beyond(start: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string[] {
  const leaked: string[] = []
  for (const [kind, count] of now) {
    const more = count - (start.get(kind) ?? 0)
    if (more > 0) leaked.push(more === 1 ? kind : `${kind} ×${more}`)
  }
  return leaked.sort()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
