import { type Static, Type } from '@davit/core/kernel'

export const containerdConfig = Type.Object({
  socket: Type.String({
    pattern: '^/',
    default: '/run/containerd/containerd.sock',
    description:
      "The runtime's unix socket, at which it serves the CRI: containerd's, or `/run/crio/crio.sock`. The runtime must run on this machine: Pods mount its directories.",
  }),
  network: Type.Union([Type.Literal('auto'), Type.Literal('cni')], {
    default: 'auto',
    description:
      "How Pods are connected to their network. `auto`: by the node's Pod network, unless somebody has put a CNI configuration where the runtime looks. `cni`: by that configuration, or not at all.",
  }),
  cniDirectory: Type.Optional(
    Type.String({
      pattern: '^/',
      description:
        'Where the runtime looks for the configuration of the Pod network. Default: where it says that it looks, else `/etc/cni/net.d`.',
    }),
  ),
  logMaxSize: Type.String({
    pattern: '^[1-9][0-9]{0,5}[kmg]$',
    default: '10m',
    description: "When a container's log file is rotated, with its unit (k, m or g).",
  }),
  logMaxFiles: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 2,
    description: 'How many log files are kept for each container, the current one included; `kubectl logs` shows all of them.',
  }),
})

export type ContainerdConfig = Static<typeof containerdConfig>

const units: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

export function bytesOf(size: string): number {
  return Number(size.slice(0, -1)) * (units[size.slice(-1)] ?? 1)
}
