import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { CliError, fileProblem } from '../output/cli-error.js'
import { type ClusterConfig, clusterSchema } from './schema.js'

export interface LoadedConfig {
  readonly config: ClusterConfig
  /** Shown in messages. */
  readonly source: string
  /** Relative plugin paths start here. */
  readonly directory: string
}
export const emptyConfig: ClusterConfig = { apiVersion: 'davit.dev/v1', kind: 'ClusterConfig' }

/** Reads and checks a cluster configuration; without a file, the defaults. */
export async function loadClusterConfig(file: string | undefined): Promise<LoadedConfig> {
  if (file === undefined) return { config: emptyConfig, source: 'defaults', directory: process.cwd() }
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read the configuration ${file}: ${fileProblem(error)}`)
  }
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text)
  const problem = document.errors[0]
  if (problem) throw new CliError(`${file}: ${problem.message}`)
  const { decodeBySchema } = await import('@davit/core/kernel/host')
  const config = (await decodeBySchema(file, clusterSchema, document.toJS())) as ClusterConfig
  await checkRanges(file, config.network ?? {})
  return { config, source: file, directory: path.dirname(path.resolve(file)) }
}

/** Here, for the plugins that are given a range know neither the file nor its key. */
async function checkRanges(file: string, network: NonNullable<ClusterConfig['network']>): Promise<void> {
  const { parseRange } = await import('@davit/core/api/host')
  for (const key of ['podCidr', 'serviceCidr'] as const) {
    if (network[key] !== undefined) parseRange(network[key], `${file}: network.${key}`)
  }
}
