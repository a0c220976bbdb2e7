/** Joins a cluster elsewhere and runs the node, until somebody asks for its end. */
import { readFile } from 'node:fs/promises'
import { join } from '@davit/core/client/host'
import { bootKernel } from '@davit/core/kernel/host'
import { CliError, fileProblem } from '../output/cli-error.js'
import { type AgentPlan, credentialDirectory } from './agent-settings.js'
import { claim } from './claim.js'
import { compose } from './compose.js'
import type { LoadedConfig } from './load-config.js'
import { createServices, followRanges } from './run.js'
import { untilAsked } from './until-asked.js'

export interface AgentFlags {
  server: string
  token?: string | undefined
  'token-file'?: string | undefined
  'ca-hash'?: string | undefined
  'ca-file'?: string | undefined
  'unsafe-skip-ca-verification': boolean
  'node-ip'?: string[] | undefined
  label?: string[] | undefined
  runtime?: string | undefined
  proxy?: string | undefined
  verbose: boolean
}
export interface AgentOptions {
  readonly loaded: LoadedConfig
  readonly dataDirectory: string
  readonly name: string
  readonly flags: AgentFlags
  say(line: string): void
}

export async function runAgent({ loaded, dataDirectory, name, flags, say }: AgentOptions): Promise<void> {
  const plan = planOf(name, flags)
  const { runtime, proxy, verbose } = flags
  const asUp = { 'data-dir': dataDirectory, runtime, proxy, verbose, 'no-node': false, detach: false, ephemeral: false }
  const composition = await compose(asUp, loaded, plan)
  const release = await claim(composition)
  const services = await createServices({ verbose, human: process.stderr.isTTY === true })
  const asked = untilAsked()
  const stop = new AbortController()
  asked.then((signal) => stop.abort(new CliError(`${signal}: stopping`))).catch(() => undefined)
  const joined = { server: plan.server, nodeName: name, directory: credentialDirectory(dataDirectory), signal: stop.signal }
  await join({ ...services, ...joined, pin: await pinOf(flags), ...(await tokenOf(flags)) })
  const kernel = await bootKernel(composition.entries, services)
  followRanges(kernel, release.learn, name)
  say(`ready: node ${name} of ${plan.server} in ${Math.round(performance.now())} ms`)
  await release.publish(plan.server)
  say(`${await asked}: stopping`)
  process.on('SIGINT', () => process.stderr.write('still stopping\n'))
  await kernel.stop()
}

function planOf(name: string, flags: AgentFlags): AgentPlan {
  const { server } = flags
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw new CliError(`"${server}" is no URL of an API server`, { hint: 'for example --server https://10.0.0.1:6443' })
  }
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) {
    throw new CliError(`"${name}" cannot be the name of a node`, { hint: 'lower-case letters, digits, dots and dashes' })
  }
  const labels = (flags.label ?? []).map((label) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(label) ?? []
    if (key === undefined || value === undefined)
      throw new CliError(`"${label}" is no label`, { hint: 'for example --label zone=a' })
    return [key, value] as const
  })
  return {
    name,
    server: new URL(server).href.replace(/\/$/, ''),
    addresses: flags['node-ip'] ?? [],
    labels: Object.fromEntries(labels),
  }
}

async function pinOf(flags: AgentFlags) {
  const { 'ca-hash': hash, 'ca-file': file, 'unsafe-skip-ca-verification': unsafe } = flags
  return {
    ...(hash !== undefined && { hash }),
    ...(file !== undefined && { certificate: await textOf(file, 'the CA') }),
    unsafe,
  }
}

async function tokenOf(flags: AgentFlags): Promise<{ token?: string }> {
  const { token, 'token-file': file } = flags
  if (file !== undefined) return { token: (await textOf(file, 'the token')).trim() }
  return token === undefined ? {} : { token }
}

async function textOf(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read ${what} in ${file}: ${fileProblem(error)}`)
  }
}
