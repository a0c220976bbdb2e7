import type { StoreCapabilities } from '@davit/core/store'

export const supports: StoreCapabilities & Readonly<Record<string, boolean>> = {
  durable: true,
  memo: true,
  leases: true,
  // etcd cannot take entries at the revisions that they had. It has snapshots of its own.
  snapshots: false,
  remote: true,
}
