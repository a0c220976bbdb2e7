import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Clients as their projects release them, `[version, program]`, the oldest first; fetched where they are not here yet. */
export async function released(client: 'kubectl' | 'helm'): Promise<[version: string, program: string][]> {
  const script = fileURLToPath(new URL('../../scripts/clients.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script, client])
  const programs = stdout.trim().split('\n')
  return programs.map((program) => [path.basename(path.dirname(program)).slice(client.length + 1), program])
}
