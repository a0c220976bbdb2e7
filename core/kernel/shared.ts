/** Things of which only one may exist, counted by their users, behind `PluginContext.shared`. */

interface Entry {
  readonly made: Promise<AsyncDisposable>
  users: number
}

export class SharedPool {
  private readonly entries = new Map<string, Entry>()
  private readonly closing = new Map<string, Promise<void>>()
  private holds = 0

  /** Returns the instance of `key` and the function that gives it back. */
  async acquire<T extends AsyncDisposable>(
    key: string,
    make: () => Promise<T>,
  ): Promise<{ readonly value: T; readonly release: () => Promise<void> }> {
    // The old instance must have let go of its port or lock before a new one asks for it.
    while (this.closing.has(key)) await this.closing.get(key)?.catch(() => {})
    const entry = this.entries.get(key) ?? this.create(key, make)
    entry.users += 1
    try {
      const value = (await entry.made) as T
      let released = false
      return {
        value,
        release: async () => {
          if (released) return
          released = true
          entry.users -= 1
          if (entry.users === 0 && this.holds === 0) await this.close(key, entry)
        },
      }
    } catch (error) {
      if (this.entries.get(key) === entry) this.entries.delete(key)
      throw error
    }
  }

  /** Keeps instances without users alive until the returned function is called: a reload finds them again. */
  hold(): () => Promise<void> {
    this.holds += 1
    return async () => {
      this.holds -= 1
      if (this.holds > 0) return
      const unused = [...this.entries].filter(([, entry]) => entry.users === 0)
      await Promise.all(unused.map(([key, entry]) => this.close(key, entry)))
    }
  }

  private create(key: string, make: () => Promise<AsyncDisposable>): Entry {
    const entry: Entry = { made: make(), users: 0 }
    this.entries.set(key, entry)
    return entry
  }

  private async close(key: string, entry: Entry): Promise<void> {
    this.entries.delete(key)
    const closing = entry.made.then((value) => value[Symbol.asyncDispose]()).then(() => {})
    this.closing.set(key, closing)
    try {
      await closing
    } finally {
      this.closing.delete(key)
    }
  }
}
