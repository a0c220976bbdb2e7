/**
 * Runs `count` like jobs in batches of 1, 2, 4, …, and stops after a batch in which one failed: when every creation is
 * refused (a quota), one call finds out instead of all. Answers how many succeeded; rethrows the first failure as
 * `error`.
 */
export async function slowStart(
  count: number,
  job: (index: number) => Promise<unknown>,
): Promise<{ readonly succeeded: number; readonly error?: unknown }> {
  let done = 0
  let succeeded = 0
  for (let batch = 1; done < count; batch *= 2) {
    const size = Math.min(batch, count - done)
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => job(done + index)))
    done += size
    succeeded += results.filter((result) => result.status === 'fulfilled').length
    const failure = results.find((result) => result.status === 'rejected')
    if (failure?.status === 'rejected') return { succeeded, error: failure.reason }
  }
  return { succeeded }
}
