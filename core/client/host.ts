/** What the composition root takes of the client room. */
export { default as client } from './plugin.js'
