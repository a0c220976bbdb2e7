/** Where this plugin keeps its files: all under one directory of the node's, and named by what they are. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { NodeContext } from '@davit/core/node'

export interface Places {
  readonly root: string
  readonly sandboxes: string
  readonly containers: string
  /** One file for each container that ended, put there by its supervisor. */
  readonly exits: string
}

export function placesOf({ directory, nodeName }: Pick<NodeContext, 'directory' | 'nodeName'>): Places {
  const root = join(directory, 'cri-process', nodeName)
  return {
    root,
    sandboxes: join(root, 'sandboxes'),
    containers: join(root, 'containers'),
    exits: join(root, 'exits'),
  }
}

export interface SandboxPlaces {
  readonly directory: string
  readonly record: string
  readonly namespaces: { readonly net: string; readonly uts: string; readonly ipc: string }
  readonly resolvConf: string
  readonly pausePid: string
  /** Shared memory must be memory: it lies where the machine has its own. */
  readonly sharedMemory: string
}

export function sandboxPlaces(places: Places, id: string): SandboxPlaces {
  const directory = join(places.sandboxes, id)
  return {
    directory,
    record: join(directory, 'sandbox.json'),
    namespaces: { net: join(directory, 'net'), uts: join(directory, 'uts'), ipc: join(directory, 'ipc') },
    resolvConf: join(directory, 'resolv.conf'),
    pausePid: join(directory, 'pause'),
    sharedMemory: join('/dev/shm', `davit-${short(`${places.root}/${id}`)}`),
  }
}

/** The node's end of a sandbox's link. */
export function linkOf(places: Places, id: string): string {
  return `dav${short(`${places.root}/${id}`)}`
}

export interface ContainerPlaces {
  readonly directory: string
  readonly record: string
  readonly words: string
  readonly table: string
  readonly root: string
  readonly layers: string
  readonly stdin: string
  readonly log: string
  readonly marks: string
  readonly pid: string
  readonly failure: string
  readonly exit: string
}

export function containerPlaces(places: Places, id: string): ContainerPlaces {
  const directory = join(places.containers, id)
  return {
    directory,
    record: join(directory, 'container.json'),
    words: join(directory, 'words'),
    table: join(directory, 'mounts'),
    root: join(directory, 'root'),
    layers: join(directory, 'layers'),
    stdin: join(directory, 'stdin'),
    log: join(directory, 'log'),
    marks: join(directory, 'marks'),
    pid: join(directory, 'pid'),
    failure: join(directory, 'failure'),
    exit: join(places.exits, id),
  }
}

/** The name of the node's control groups. */
export function groupOf({ root }: Pick<Places, 'root'>, nodeName: string): string {
  return `${nodeName}-${short(root)}`
}

/** Eight characters that stand for a longer name, where the kernel allows no more. */
export function short(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 8)
}
