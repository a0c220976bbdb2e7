import { fileURLToPath } from 'node:url'
import { execute } from '@oclif/core'

/** Apart from the entry, so that `--version` does not load the framework. */
export async function run(packageFile: URL): Promise<void> {
  await execute({ dir: fileURLToPath(packageFile) })
}
