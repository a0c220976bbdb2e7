/** What is done once, and again after it failed or was forgotten. */
export interface Once<T> {
  done(): Promise<T>
  forget(): void
}

export function once<T>(work: () => Promise<T>): Once<T> {
  let result: Promise<T> | undefined
  return {
    done() {
      const now = result ?? work()
      result = now
      now.catch(() => {
        if (result === now) result = undefined
      })
      return now
    },
    forget: () => (result = undefined),
  }
}
