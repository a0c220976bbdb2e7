/** The texts of `kubectl explain`, made at build time by `scripts/generate-descriptions.mjs`. */
import { existsSync, readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import type { Descriptions } from './openapi-definitions.js'

/** Beside the source, and beside the bundle. */
const places = ['./generated/descriptions.json.br', './kinds/generated/descriptions.json.br']

/** Reads the file anew each time (some 20 ms): keep the result no longer than the documents are being built. */
export function readDescriptions(): Descriptions {
  const file = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url))
  return file ? (JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as Descriptions) : {}
}
