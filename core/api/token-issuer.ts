/** The plugin `token-issuer`: the key that tokens of service accounts are signed with. */
import { definePlugin, type Static, Type } from '../kernel/contract.js'
import { type TokenIssuer, TokenIssuerToken } from './contract.js'
import { isSignedBy, publicJwk, readJwt, signJwt } from './jwt.js'
import { loadTokenKeys, type TokenKeys } from './token-keys.js'

const schema = Type.Object({
  issuer: Type.String({
    default: 'https://kubernetes.default.svc.cluster.local',
    description: 'Who signs, as tokens and the OpenID discovery document say: a URL.',
  }),
  audiences: Type.Array(Type.String(), {
    default: [],
    description:
      'What a token must be meant for to be taken by the API; tokens that ask for nothing else get these. Empty: the issuer.',
  }),
  maxSeconds: Type.Integer({
    minimum: 600,
    default: 2 ** 32,
    description: 'Seconds that a token lives at most, however long it was asked for.',
  }),
  extendMounted: Type.Boolean({
    default: true,
    description:
      'Tokens that are mounted into Pods of themselves are good for a year though renewed each hour, for clients that read ' +
      'them only once; they end with their Pod in any case.',
  }),
  dataDirectory: Type.String({
    default: '',
    description:
      'Directory in whose folder "pki" the key lies, as service-account.key; empty: it is made anew by each process. Files ' +
      'beside it that are named service-account-*.key or service-account-*.pub verify tokens, and sign none.',
  }),
})
type IssuerConfig = Static<typeof schema>

export const tokenIssuer = definePlugin({
  id: 'token-issuer',
  api: '^1.0',
  stage: 'api',
  provides: { issuer: TokenIssuerToken },
  config: { version: 1, schema },
  async setup({ config }) {
    return { provides: { issuer: createIssuer(config) } }
  },
})

/** The key is read, or made, when it is needed for the first time: many clusters never need it. */
function createIssuer(config: IssuerConfig): TokenIssuer {
  const { issuer, maxSeconds, extendMounted, dataDirectory } = config
  let loading: Promise<TokenKeys> | undefined
  const keys = (): Promise<TokenKeys> => {
    loading ??= loadTokenKeys(dataDirectory).catch((error: unknown) => {
      // The disk may be back at the next need.
      loading = undefined
      throw error
    })
    return loading
  }
  return {
    issuer,
    audiences: config.audiences.length > 0 ? config.audiences : [issuer],
    maxSeconds,
    extendMounted,
    async sign(claims) {
      const { privateKey, id } = await keys()
      return signJwt(claims, privateKey, id)
    },
    async verify(token) {
      const jwt = readJwt(token)
      if (!jwt) return undefined
      const { verifying } = await keys()
      // Tokens of Davit name their key; others may leave that out.
      const named = verifying.filter(({ id }) => jwt.keyId === '' || id === jwt.keyId)
      return named.some(({ publicKey }) => isSignedBy(jwt, publicKey)) ? jwt.claims : undefined
    },
    keys: async () => ({ keys: (await keys()).verifying.map(({ publicKey }) => publicJwk(publicKey)) }),
  }
}
