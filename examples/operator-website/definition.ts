import type { ResourceRef } from '@davit/core/client'
import type { CustomResourceDefinition, KubeObject } from '@davit/core/kinds'

export interface Website extends KubeObject {
  spec: { pages: Record<string, string>; title: string }
  status?: { observedGeneration: number; pages: number }
}

export const websites: ResourceRef<Website> = {
  group: 'example.davit.dev',
  version: 'v1',
  resource: 'websites',
  kind: 'Website',
  namespaced: true,
}

/** What `kubectl apply` would make of a file just as well. */
export const definition: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'websites.example.davit.dev' },
  spec: {
    group: websites.group,
    scope: 'Namespaced',
    names: { plural: 'websites', kind: 'Website', shortNames: ['site'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Title', type: 'string', jsonPath: '.spec.title' },
          { name: 'Pages', type: 'integer', jsonPath: '.status.pages' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['pages'],
                properties: {
                  title: { type: 'string', default: 'Untitled', maxLength: 80 },
                  pages: { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
                },
              },
              status: {
                type: 'object',
                properties: { observedGeneration: { type: 'integer' }, pages: { type: 'integer' } },
              },
            },
          },
        },
      },
    ],
  },
}
