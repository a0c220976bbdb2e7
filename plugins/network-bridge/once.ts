/** Work that is done when it is first asked for, and kept. What failed is not kept: whoever asks next tries anew. */
export function createOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
  }
}
