import { ApiEndpointToken } from '@davit/core/api'
import { type AnyPlugin, definePlugin, type Kernel } from '@davit/core/kernel'

/** Shows the kernel's plugins at /davit/v1/plugins: what `davit plugin list` reads. */
export function statusPlugin(): { readonly plugin: AnyPlugin; follow(kernel: Kernel): void } {
  let kernel: Kernel | undefined
  const plugin = definePlugin({
    id: 'plugin-status',
    api: '^1.0',
    stage: 'api',
    provides: { endpoint: ApiEndpointToken },
    async setup() {
      const endpoint = { path: '/davit/v1/plugins', get: () => ({ order: kernel?.order ?? [], plugins: kernel?.status() ?? [] }) }
      return { provides: { endpoint } }
    },
  })
  return {
    plugin,
    follow(running) {
      kernel = running
    },
  }
}
