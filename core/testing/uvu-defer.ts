/** Imported before uvu, which reads this once on import: without it uvu would start on a timer, maybe before a slow module body ended. */
declare global {
  var UVU_DEFER: number | undefined
  var UVU_QUEUE: unknown[][] | undefined
}

globalThis.UVU_DEFER = 1

export {}
