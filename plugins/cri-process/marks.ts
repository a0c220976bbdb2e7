/**
 * When lines were written. Programs write their output without a time; while Davit runs it marks, at most ten times a
 * second, how far each log had grown. A line was written at the first mark behind it; one that no mark is behind, when
 * its file was last changed.
 */
import { watch } from 'node:fs'
import { appendFile, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@davit/core/kernel'
import type { ContainerPlaces } from './places.js'

const interval = 100

type Where = Pick<ContainerPlaces, 'log' | 'marks'>

/** Costs nothing while nothing is written. Returns what stops it, with a last mark. */
export function startMarks({ log, marks }: Where, clock: Clock): () => Promise<void> {
  let stopped = false
  let last = ''
  let pause: { cancel(): void } | undefined
  let watcher: ReturnType<typeof watch> | undefined

  const mark = async (): Promise<boolean> => {
    const number = (await fileNumbers(log)).at(-1)
    if (number === undefined) return false
    const { size, mtimeMs } = await stat(join(log, `${number}`))
    if (size === 0 || last === `${number} ${size}`) return false
    last = `${number} ${size}`
    await appendFile(join(marks, `${number}`), `${size} ${Math.floor(mtimeMs)}\n`)
    return true
  }
  // The container may be removed at any moment, with all its files.
  const tryMark = (): Promise<boolean> => mark().catch(() => false)
  const listen = (): void => {
    if (stopped) return
    try {
      watcher = watch(log, { persistent: false }, rest)
      watcher.on('error', () => watcher?.close())
    } catch {
      // Removed; or the machine allows no more watches: then a file's own time must do.
    }
  }
  /** Not listening while it rests: a program that writes without end must not keep Davit busy. */
  const rest = (): void => {
    watcher?.close()
    if (stopped || pause) return
    pause = clock.setTimer(
      interval,
      () => {
        pause = undefined
        void tryMark().then((grown) => (grown ? rest() : listen()))
      },
      { unref: true },
    )
  }

  listen()
  return async () => {
    if (stopped) return
    stopped = true
    watcher?.close()
    pause?.cancel()
    await tryMark()
  }
}

export async function fileNumbers(log: string): Promise<readonly number[]> {
  return (await readdir(log)).map(Number).sort((a, b) => a - b)
}

/** Says when what begins at `offset` of a file was written. Ask with growing offsets. */
export async function readMarks({ log, marks }: Where, number: number): Promise<(offset: number) => number> {
  const text = await readFile(join(marks, `${number}`), 'utf8').catch(() => '')
  const list = text.split('\n').map((line) => line.split(' ').map(Number))
  // Rotated away meanwhile: then its marks were read whole, or are gone too.
  const latest = await stat(join(log, `${number}`)).then(
    ({ mtimeMs }) => Math.floor(mtimeMs),
    () => list.at(-2)?.[1] ?? 0,
  )
  let next = 0
  return (offset) => {
    while (next < list.length && (list[next]?.[0] ?? 0) <= offset) next += 1
    return list[next]?.[1] ?? latest
  }
}
