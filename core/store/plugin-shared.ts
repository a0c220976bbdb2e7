import type { Engine } from './engine.js'
import type { RetentionOptions } from './retention.js'

interface Sharing {
  shared<T extends AsyncDisposable>(key: string, make: () => Promise<T>): Promise<T>
}

/** The store under `key`, opened by whoever is first; a reload finds it open, and it closes with its last user. */
export async function sharedStore(
  context: Sharing,
  key: string,
  retention: RetentionOptions,
  open: () => Promise<Engine>,
): Promise<Engine> {
  const holder = await context.shared(key, async () => {
    const store = await open()
    return { store, [Symbol.asyncDispose]: () => store.close() }
  })
  holder.store.retain(retention)
  return holder.store
}
