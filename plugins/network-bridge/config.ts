import { type Static, Type } from '@davit/core/kernel'

export const bridgeConfig = Type.Object({
  masquerade: Type.Boolean({
    default: true,
    description:
      "What Pods send to outside the cluster has the node's own address. false: for networks that know the way back to the Pods' addresses.",
  }),
  mtu: Type.Optional(
    Type.Integer({
      minimum: 1280,
      maximum: 65535,
      description:
        "Size in bytes of the largest packet of a Pod. Default: the kernel's, 1500. Less where the machine's own network carries less.",
    }),
  ),
})

export type BridgeConfig = Static<typeof bridgeConfig>
