/** What the composition root takes of the watch room. */
export { default as watchCache } from './plugin.js'
