/** What happens to a collection, heard over its watch from outside; an API server that is gone is waited for. */
import type { Connection } from '../kube/connection.js'
import type { Tree } from './objects.js'

export type Heard = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Tree) => void

/** Hears each write of the collection, from now on. Ends when the connection is closed, and rejects where a watch fails. */
export async function followWrites(connection: Connection, collection: string, heard: Heard): Promise<void> {
  const { metadata } = await connection.json<Tree>('GET', `${collection}?limit=1`)
  let rest = ''
  for await (const chunk of connection.stream(`${collection}?watch=true&resourceVersion=${metadata.resourceVersion}`)) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { type, object } = JSON.parse(line)
      if (type === 'ERROR') throw new Error(`the watch of ${collection} failed: ${object.message}`)
      heard(type, object)
    }
  }
}
