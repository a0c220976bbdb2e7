/** What the composition root and the command line take of the client room. */
export { createHttpsClients, type HttpsClientsOptions } from './https.js'
export { authorityHash } from './joining/authority.js'
export { type JoinOptions, join } from './joining/join.js'
export { clientHttps } from './joining/plugin.js'
export { type Connection, parseKubeconfig, readKubeconfig } from './kubeconfig.js'
export { default as client } from './plugin.js'
