/** What the composition root takes of the proxy room. */
export { proxyHost } from './plugin.js'
