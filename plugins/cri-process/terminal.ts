import { createWriteStream, type WriteStream } from 'node:fs'
import { open, readFile, readlink } from 'node:fs/promises'
import { processesOf } from './find-process.js'
import { childrenOf } from './processes.js'
import type { ContainerEntry, State } from './state.js'

/** The machine's name of the container's terminal: what the first process with one has as its input. */
export async function terminalOf(state: State, entry: ContainerEntry): Promise<string | undefined> {
  for (const pid of await processesOf(state, entry)) {
    for (const child of [pid, ...(await childrenOf(pid))]) {
      const target = await readlink(`/proc/${child}/fd/0`).catch(() => '')
      if (/^\/dev\/pts\/\d+$/.test(target) && (await hasTerminal(child))) return target
    }
  }
  return undefined
}

/** The number of its terminal is not 0. */
async function hasTerminal(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[4]) !== 0
}

/** The pipe that is the container's standard input. It stays open when one who is attached goes. */
export async function openInput(path: string): Promise<WriteStream> {
  const file = await open(path, 'r+')
  return createWriteStream(path, { fd: file })
}
