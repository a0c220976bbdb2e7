/** The types of apidiscovery/v2; the form is explained in `parse.ts`. */
export const apidiscoveryV2 = `
APIGroupDiscovery
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  versions 2 [APIVersionDiscovery] map(version)
APIVersionDiscovery
  version 1 string !
  resources 2 [APIResourceDiscovery] map(resource)
  freshness 3 string ?
APIResourceDiscovery
  resource 1 string !
  responseKind 2 meta/v1.GroupVersionKind
  scope 3 string !
  singularResource 4 string !
  verbs 5 [string] ! set
  shortNames 6 [string] set
  categories 7 [string] set
  subresources 8 [APISubresourceDiscovery] map(subresource)
APISubresourceDiscovery
  subresource 1 string !
  responseKind 2 meta/v1.GroupVersionKind
  acceptedTypes 3 [meta/v1.GroupVersionKind] map(group,version,kind)
  verbs 4 [string] ! set
`
