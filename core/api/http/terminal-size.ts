export interface Size {
  readonly width: number
  readonly height: number
}

/** Of `{"Width":80,"Height":24}`; undefined for anything else. */
export function parseSize(bytes: Uint8Array): Size | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as { Width?: unknown; Height?: unknown } | null
    const { Width: width, Height: height } = value ?? {}
    return isCells(width) && isCells(height) ? { width, height } : undefined
  } catch {
    return undefined
  }
}

function isCells(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535
}
