/** By which others check the cluster's tokens: OpenID discovery, as far as Kubernetes serves it. */
import type { ApiAddress, ApiEndpoint, TokenIssuer } from './contract.js'

export function issuerDocuments(issuer: TokenIssuer, { url }: ApiAddress): readonly ApiEndpoint[] {
  const keys = '/openid/v1/jwks'
  const discovery = {
    issuer: issuer.issuer,
    jwks_uri: `${url}${keys}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
  return [
    { path: '/.well-known/openid-configuration', get: () => discovery },
    { path: keys, contentType: 'application/jwk-set+json', get: () => issuer.keys() },
  ]
}
