import { createWriteStream, type WriteStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { initProcess, mainProcess } from './find-process.js'
import type { ContainerEntry, State } from './state.js'

/** Where the machine finds the terminal of the container's program. */
export async function terminalOf(state: State, entry: ContainerEntry): Promise<string | undefined> {
  const [first, main] = await Promise.all([initProcess(entry), mainProcess(entry)])
  const number = main === undefined ? undefined : await terminalNumber(main)
  return number === undefined ? undefined : outside(state, first, `/dev/pts/${number}`)
}

/** Where the machine finds a terminal that is called `name` in the container, by the container's first process. */
export function outside({ machine }: State, first: number | undefined, name: string): string | undefined {
  if (!machine.namespaces) return name
  return first === undefined ? undefined : `/proc/${first}/root${name}`
}

/** From the device number of its controlling terminal, as proc(5) has it: the minor number in bits 31 to 20 and 7 to 0. */
async function terminalNumber(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const device = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[4])
  return device > 0 ? (device & 0xff) | ((device >>> 12) & 0xfff00) : undefined
}

/** The pipe that is the container's standard input. It stays open when one who is attached goes. */
export async function openInput(path: string): Promise<WriteStream> {
  const file = await open(path, 'r+')
  return createWriteStream(path, { fd: file })
}
