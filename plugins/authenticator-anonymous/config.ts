import { Type } from '@davit/core/kernel'

export const anonymousConfig = Type.Object({
  paths: Type.Array(Type.String(), {
    default: [],
    description: 'Paths, exact, that may be asked for without credentials: "/readyz". Empty: every path.',
  }),
})
