import { createHash } from 'node:crypto'

/** 8 to 10 characters that may stand in a name, the same on every machine; `collisions` gives another for the same text. */
export function shortHash(text: string, collisions = 0): string {
  const digest = createHash('sha256').update(text)
  if (collisions > 0) digest.update(`\n${collisions}`)
  return safeText(digest.digest().readUInt32BE(0).toString().padStart(8, '0'))
}

/** As Kubernetes does it: no vowels, so that no words come out, and nothing that looks like something else. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
function safeText(text: string): string {
  return [...text].map((character) => alphabet[(character.codePointAt(0) ?? 0) % alphabet.length]).join('')
}
