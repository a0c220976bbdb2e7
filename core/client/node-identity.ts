import type { Identity } from './contract.js'

/** As whom a node acts, and what stands in its certificates. */
export function nodeIdentity(nodeName: string): Identity & { readonly groups: readonly string[] } {
  return { name: `system:node:${nodeName}`, groups: ['system:nodes'], manager: 'kubelet' }
}
