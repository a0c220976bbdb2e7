import { randomBytes } from 'node:crypto'
import type { Random } from './contract.js'

/** Without the vowels, so that no words come out, and without 0, 1 and 3, which look like letters. */
const kubernetesAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** Randomness that differs in each process. */
export function createRandom(): Random {
  return createSeededRandom(randomBytes(16).toString('hex'))
}

/** The same sequence for the same seed, on every machine: the generator sfc32, seeded by the text's hash. */
export function createSeededRandom(seed: string | number): Random {
  const word = hashWords(String(seed))
  let [a, b, c, counter] = [word(), word(), word(), 1]
  const nextWord = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 12; round += 1) nextWord()
  // 53 random bits, as Math.random has.
  const next = (): number => ((nextWord() >>> 5) * 2 ** 26 + (nextWord() >>> 6)) / 2 ** 53
  const integer = (bound: number): number => Math.floor(next() * bound)
  return {
    next,
    integer,
    string(length, alphabet = kubernetesAlphabet) {
      let text = ''
      for (let index = 0; index < length; index += 1) text += alphabet[integer(alphabet.length)]
      return text
    },
  }
}

/** A stream of 32-bit words from a text (xmur3). */
function hashWords(text: string): () => number {
  let hash = 1779033703 ^ text.length
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 3432918353)
    hash = (hash << 13) | (hash >>> 19)
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507)
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909)
    hash ^= hash >>> 16
    return hash | 0
  }
}
