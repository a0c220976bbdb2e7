import { Type } from '@davit/core/kernel'

export const endpointConfig = {
  version: 1,
  schema: Type.Object({
    maxEndpointsPerSlice: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 100,
      description: 'Endpoints in one EndpointSlice at most. Fewer make changes cheaper to send, more make fewer objects.',
    }),
    writeEndpoints: Type.Boolean({
      default: true,
      description: 'Also write the older Endpoints objects, for clients that do not read EndpointSlices.',
    }),
  }),
}
