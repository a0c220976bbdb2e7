/** The rooms that a user's plugin may import, as this process has them. Loaded only when there is such a plugin. */
const load: Readonly<Record<string, () => Promise<unknown>>> = {
  kernel: () => import('@davit/core/kernel'),
  store: () => import('@davit/core/store'),
  kinds: () => import('@davit/core/kinds'),
  watch: () => import('@davit/core/watch'),
  api: () => import('@davit/core/api'),
  client: () => import('@davit/core/client'),
  controller: () => import('@davit/core/controller'),
  scheduler: () => import('@davit/core/scheduler'),
  node: () => import('@davit/core/node'),
  proxy: () => import('@davit/core/proxy'),
}

export async function hostRooms(): Promise<ReadonlyMap<string, unknown>> {
  const rooms = Object.entries(load).map(async ([room, get]) => [`@davit/core/${room}`, await get()] as const)
  return new Map(await Promise.all(rooms))
}
