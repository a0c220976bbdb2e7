/** What the composition root takes of the HTTPS transport. */
export { apiServer } from './plugin.js'
