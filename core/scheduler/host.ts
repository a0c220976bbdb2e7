/** What the composition root takes of the scheduler room. */
export { schedulerHost } from './plugin.js'
