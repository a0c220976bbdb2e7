/** What the composition root takes of the node room. */
export { nodeAgent } from './plugin.js'
export { nodeVolumes } from './volumes/plugin.js'
