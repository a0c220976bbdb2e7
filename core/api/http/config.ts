/** Configuration of the plugin `api-server`. */
import { type Static, Type } from '../../kernel/contract.js'

export const apiServerSchema = Type.Object({
  address: Type.String({
    default: '127.0.0.1',
    description: 'IP address or host name to listen at; "0.0.0.0" for all IPv4 addresses',
  }),
  port: Type.Integer({ minimum: 0, maximum: 65_535, default: 6443, description: 'TCP port; 0 takes any that is free' }),
  advertiseAddress: Type.String({
    default: '',
    description: 'address that kubeconfig files and clients use; empty: `address`, or 127.0.0.1 where that means all addresses',
  }),
  names: Type.Array(Type.String(), {
    default: [],
    description: 'further DNS names and IP addresses for the certificate of the server',
  }),
  podCidr: Type.String({
    default: '',
    description:
      'range of addresses of Pods on this machine: where `address` is for this machine alone, they are let in at its other ' +
      'address, and nobody else; empty: there are none',
  }),
  serviceCidr: Type.String({
    default: '10.96.0.0/16',
    description: 'range of addresses of services, as the API gives them out: the first is that of the API, for the certificate',
  }),
  clusterDomain: Type.String({ default: 'cluster.local', description: 'DNS domain of services, for the certificate' }),
  dataDirectory: Type.String({
    default: 'davit-data',
    description: 'directory that holds keys and certificates, in its folder "pki"',
  }),
  kubeconfig: Type.String({
    default: '',
    description: 'where the kubeconfig of the administrator is written; empty: admin.kubeconfig in the data directory',
  }),
  tokenFile: Type.String({
    default: '',
    description: 'CSV file of static bearer tokens: token,user,uid,"group1,group2"; empty: none',
  }),
  bodyLimitBytes: Type.Integer({ minimum: 1024, default: 3 * 1024 * 1024, description: 'largest body of a request, in bytes' }),
  headersTimeoutMs: Type.Integer({
    minimum: 100,
    default: 10_000,
    description: 'for a handshake and for the headers of a request, in milliseconds',
  }),
  requestTimeoutMs: Type.Integer({
    minimum: 100,
    default: 60_000,
    description: 'for a whole request to come in, in milliseconds',
  }),
  idleTimeoutMs: Type.Integer({
    minimum: 100,
    default: 90_000,
    description: 'after which a connection without requests is closed, in milliseconds',
  }),
  strangers: Type.Integer({
    minimum: 1,
    default: 500,
    description:
      'connections on which nobody has said yet who he is; for one more the oldest of them is closed. Others are not counted',
  }),
  watchBacklogBytes: Type.Integer({
    minimum: 1024,
    default: 64 * 1024 * 1024,
    description: 'unsent bytes from which on a slow watcher is cut off, so that it lists anew',
  }),
})
export type ApiServerConfig = Static<typeof apiServerSchema>
