import { Type } from '@davit/core/kernel'

export const iptablesConfig = {
  version: 1,
  schema: Type.Object({
    masqueradeAll: Type.Boolean({
      default: false,
      description:
        'Give all service traffic the address of the node. Needed, and then on by itself, where the kernel does not pass bridged packets to iptables.',
    }),
    masqueradeBit: Type.Integer({
      default: 17,
      minimum: 0,
      maximum: 31,
      description: 'Bit of the packet mark that means "masquerade this"; other users of marks must not use it.',
    }),
    lockSeconds: Type.Integer({ default: 5, minimum: 1, description: "How long to wait for iptables' lock, seconds." }),
    checkSeconds: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 86_400,
      description: 'How often to look whether somebody else removed rules, which are then put back, seconds.',
    }),
  }),
}
