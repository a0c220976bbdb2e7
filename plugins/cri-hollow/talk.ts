import { Duplex } from 'node:stream'
import type { HollowProcess } from './process.js'

/** `echo` prints its arguments; everything else succeeds in silence. A container that is not healthy fails them all. */
export function runCommand(process: HollowProcess, command: readonly string[]): { exitCode: number; output: string } {
  if (!process.healthy()) return { exitCode: 1, output: '' }
  const [program, ...words] = command
  return { exitCode: 0, output: program === 'echo' ? `${words.join(' ')}\n` : '' }
}

/** A connection to a healthy container: it says yes to the first request and hangs up. */
export function connection(): Duplex {
  let asked = false
  return new Duplex({
    // What there is to read comes with the first write.
    read() {},
    write(_chunk, _encoding, done) {
      if (!asked) {
        this.push('HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n')
        this.push(null)
      }
      asked = true
      done()
    },
  })
}
