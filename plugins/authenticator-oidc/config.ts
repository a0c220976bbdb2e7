import { jwtAlgorithms } from '@davit/core/api'
import { type Static, Type } from '@davit/core/kernel'

export const oidcConfig = Type.Object({
  issuerUrl: Type.String({
    pattern: '^https://[^?#]+$',
    description: 'URL of the issuer, exactly as it stands in the claim "iss". Its discovery document lies below it.',
  }),
  audiences: Type.Array(Type.String({ minLength: 1 }), {
    minItems: 1,
    description: 'Client ids: a token must be meant for one of them.',
  }),
  caFile: Type.String({
    default: '',
    description: 'PEM file of the authority by which the issuer is known; empty: those of the system.',
  }),
  usernameClaim: Type.String({ default: 'sub', description: 'Claim that holds the name of the user.' }),
  usernamePrefix: Type.String({
    default: '',
    description:
      'Put before names of users. Empty: the URL of the issuer and "#", but nothing for the claim "email". "-": nothing.',
  }),
  groupsClaim: Type.String({ default: '', description: 'Claim that holds the groups of the user; empty: none.' }),
  groupsPrefix: Type.String({ default: '', description: 'Put before names of groups.' }),
  requiredClaims: Type.Record(Type.String(), Type.String(), {
    default: {},
    description: 'Claims that must be there with this value.',
  }),
  algorithms: Type.Array(Type.String(), {
    default: ['RS256'],
    description: `Signatures that are taken, of ${jwtAlgorithms.join(', ')}.`,
  }),
})
export type OidcConfig = Static<typeof oidcConfig>
