/**
 * The API: what a request goes through, whoever sends it. HTTPS requests and in-process clients enter the same pipeline
 * after the transport: authenticate → authorise → decode, default → admit (mutate) → validate → admit (validate) → one
 * store transaction → the stored bytes are the reply.
 */
import type { Token } from '../kernel/contract.js'
import { many, one } from '../kernel/contract.js'
import type { KindRegistry } from '../kinds/contract.js'
import type { Grant, RuleLister } from './contract/authorization.js'
import type { ApiHooks } from './contract/hooks.js'
import type { Authenticator, CertificateSigner, TokenIssuer } from './contract/identity.js'
import type { ApiPipeline, RequestLimiter } from './contract/requests.js'
import type { ApiAddress, ApiDelegates, ApiEndpoint, FrontProxy, NodeConnections, WebhookCaller } from './contract/servers.js'

export type { EventEncoder } from '../watch/contract.js'
export type * from './contract/admission.js'
export type * from './contract/authorization.js'
export type * from './contract/hooks.js'
export type * from './contract/identity.js'
export type * from './contract/requests.js'
export type * from './contract/servers.js'
export { createKey, createSigningRequest, type SigningRequestContent } from './http/certificate.js'
export { readSigningRequest, type SigningRequest } from './http/signing-request.js'
export { writeAtomically } from './http/write-file.js'
export { isSignedBy, type Jwt, type JwtClaims, jwtAlgorithms, readJwt } from './jwt.js'
export { admittedNamespace, createRuleMatcher } from './match-rules.js'
export type * from './node-streams.js'
export { createNotes } from './notes.js'
export { remoteHeaders } from './remote-headers.js'
export { AdmissionDecisions, admissionRequestType, admissionRequestValue, conditionsHold } from './request-values.js'

export const KindsToken: Token<KindRegistry, 'one'> = one<KindRegistry>('api.kinds/v1')
export const ApiHooksToken: Token<ApiHooks, 'one'> = one<ApiHooks>('api.hooks/v1')
export const ApiPipelineToken: Token<ApiPipeline, 'one'> = one<ApiPipeline>('api.pipeline/v1')
export const AuthenticatorToken: Token<Authenticator, 'many'> = many<Authenticator>('api.authenticator/v1')
export const ApiEndpointToken: Token<ApiEndpoint, 'many'> = many<ApiEndpoint>('api.endpoint/v1')
export const ApiDelegatesToken: Token<ApiDelegates, 'many'> = many<ApiDelegates>('api.delegates/v1')
export const FrontProxyToken: Token<FrontProxy, 'one'> = one<FrontProxy>('api.front-proxy/v1')
export const GrantToken: Token<Grant, 'many'> = many<Grant>('api.grant/v1')
export const RequestLimiterToken: Token<RequestLimiter, 'many'> = many<RequestLimiter>('api.request-limiter/v1')
export const RuleListerToken: Token<RuleLister, 'many'> = many<RuleLister>('api.rule-lister/v1')
export const NodeConnectionsToken: Token<NodeConnections, 'one'> = one<NodeConnections>('api.node-connections/v1')
export const WebhookCallerToken: Token<WebhookCaller, 'one'> = one<WebhookCaller>('api.webhook-caller/v1')
export const TokenIssuerToken: Token<TokenIssuer, 'one'> = one<TokenIssuer>('api.token-issuer/v1')
export const CertificateSignerToken: Token<CertificateSigner, 'one'> = one<CertificateSigner>('api.certificate-signer/v1')
export const ApiAddressToken: Token<ApiAddress, 'one'> = one<ApiAddress>('api.address/v1')
