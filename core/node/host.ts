/** What the composition root takes of the node room. */
export { nodeAgent } from './plugin.js'
export { purgePodDirectories } from './pod-directories.js'
export { forgetRuntime, usedRuntimes } from './used-runtimes.js'
export { nodeVolumes } from './volumes/plugin.js'
