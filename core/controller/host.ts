/** What the composition root takes of the controller room. */
export { controllerHost } from './plugin.js'
