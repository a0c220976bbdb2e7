/** Who somebody is: credentials, and the tokens and certificates that the cluster gives out. */
import type { JwtClaims } from '../jwt.js'
import type { UserInfo } from './requests.js'

/**
 * Tried in order of the owner's id until one answers with a user; none: 401. Called for each request that has credentials
 * of its kind, also many times at once, and by TokenReview: must be fast, so what it finds out it keeps. Must not throw
 * for foreign credentials.
 */
export interface Authenticator {
  readonly name: string
  /**
   * Undefined: the credentials are not of its kind. A failure: they are, and are not good; others are asked nevertheless.
   */
  authenticate(credentials: Credentials): Promise<Authentication> | Authentication
}

export type Authentication = AuthenticatedUser | AuthenticationFailure | undefined

export interface AuthenticatedUser extends UserInfo {
  /**
   * Which of `Credentials.audiences` the token is meant for. Absent: the authenticator knows of none, so what it takes is
   * meant for the API itself.
   */
  readonly audiences?: readonly string[]
}

/** Told to who may review tokens; a client that tries to get in hears no reason. */
export interface AuthenticationFailure {
  readonly failure: string
}

export interface Credentials {
  /** Without "Bearer ". */
  readonly token?: string
  /** Of whom the token must be meant for one. Absent: for the API itself. */
  readonly audiences?: readonly string[]
  /** Subject of a client certificate that the cluster's CA signed and TLS verified. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] }
  /** With neither token nor certificate: the path that is asked for without saying who asks. */
  readonly path?: string
}

/** The cluster's own tokens: JSON Web Tokens under its own key. Whether what they say is still so, authenticators ask. */
export interface TokenIssuer {
  /** Who signs: the claim `iss`. */
  readonly issuer: string
  /** Whom a token must be meant for to be taken by the API; never empty. */
  readonly audiences: readonly string[]
  /** Seconds that a token lives at most. */
  readonly maxSeconds: number
  /** Whether the tokens that are mounted into Pods of themselves outlive their time; see `core/api/token-request.ts`. */
  readonly extendMounted: boolean
  /** Signs the claims as they are. Rejects where the key can neither be read nor made. */
  sign(claims: JwtClaims): Promise<string>
  /** The claims of a token that this cluster signed; nothing of what they say is checked, neither time nor issuer. */
  verify(token: string): Promise<JwtClaims | undefined>
  /** The public keys, as a JSON Web Key Set. */
  keys(): Promise<{ readonly keys: readonly object[] }>
}

/** What a request for a certificate says of itself; its sender holds the key. */
export interface RequestedCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  /** In their shortest form: "10.0.0.1", "fd00::1". */
  readonly ipAddresses: readonly string[]
  /** How many e-mail addresses, URIs and whatever else there are. */
  readonly otherNames: number
}

export interface SigningTerms {
  /** In Kubernetes' words; those that the certificate gets. Nothing but "digital signature", "key encipherment", "client auth", "server auth". */
  readonly usages: readonly string[]
  /** Milliseconds from now; the certificate never outlives the CA. */
  readonly lifetimeMs: number
}

/**
 * Signs with the cluster's CA, whose key stays where it is. Whether a request may be signed is the caller's to say: a
 * certificate of this CA lets in whoever it names. Requests are PEM of PKCS #10; both methods reject with an error that
 * says what is wrong where one cannot be read or was not signed by its own key. Both may be called concurrently.
 */
export interface CertificateSigner {
  /** What nobody else may get a serving certificate for: that one would be taken for the API server's. Absent: not known. */
  readonly own?: {
    /** PEM of the certificate of the API server. */
    readonly certificate: string
    readonly clusterDomain: string
  }
  read(request: string): Promise<RequestedCertificate>
  /** PEM of the certificate, with the subject and the alternative names as they were sent. */
  sign(request: string, terms: SigningTerms): Promise<string>
}
