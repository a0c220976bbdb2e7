import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AuthenticatorToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { OidcAuthenticator } from './authenticator.js'
import { oidcConfig } from './config.js'
import { jsonReader } from './https.js'
import { IssuerKeys } from './issuer-keys.js'

export default definePlugin({
  id: 'authenticator-oidc',
  api: '^1.0',
  stage: 'cache',
  provides: { authenticator: AuthenticatorToken },
  config: { version: 1, schema: oidcConfig },
  async setup({ config, clock, log, signal }) {
    const ca = config.caFile === '' ? undefined : await readFile(resolve(config.caFile), 'utf8')
    const keys = new IssuerKeys(config.issuerUrl, jsonReader({ ca, clock, signal }), clock, log)
    return { provides: { authenticator: new OidcAuthenticator(config, keys, clock) } }
  },
})
