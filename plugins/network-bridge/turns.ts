/** Work on one thing happens one after another, however it is asked for; that on different things overlaps. */
export interface Turns {
  run<T>(key: string, work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>()
  return {
    run(key, work) {
      const turn = (last.get(key) ?? Promise.resolve()).then(work)
      const over = turn.then(
        () => {},
        () => {},
      )
      last.set(key, over)
      void over.then(() => {
        if (last.get(key) === over) last.delete(key)
      })
      return turn
    },
  }
}
