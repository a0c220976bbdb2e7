import { fileURLToPath } from 'node:url'

/** The configuration file that comes with an example. */
export function exampleFile(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}/cluster.yaml`, import.meta.url))
}
