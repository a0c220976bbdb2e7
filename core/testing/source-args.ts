import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** What node needs to run a TypeScript file of this repository: a program that a test starts, say. */
export const sourceArgs: readonly string[] = ['--conditions=source', '--import', tsx]
