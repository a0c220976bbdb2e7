import { type Grant, GrantToken } from '@davit/core/api'
import { ClientsToken } from '@davit/core/client'
import { ControllerToken, VolumeProvisionerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { PersistentVolumeToken } from '@davit/core/node'
import { localPathConfig } from './config.js'
import { folders } from './folders.js'
import { LostFolders } from './lost-folders.js'
import { localPathProvisioner } from './provisioner.js'
import { makeStartingClass } from './starting-class.js'

const user = 'system:davit:provisioner-local-path'
const grants: readonly Grant[] = [
  { user, rules: [{ apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'create'] }] },
  {
    user: 'system:controller:local-path-controller',
    rules: [
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['update'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ],
  },
]

export default definePlugin({
  id: 'provisioner-local-path',
  api: '^1.0',
  stage: 'control',
  requires: { clients: ClientsToken },
  provides: {
    provisioner: VolumeProvisionerToken,
    folders: PersistentVolumeToken,
    controllers: ControllerToken,
    grants: GrantToken,
  },
  config: localPathConfig,
  async setup({ config }, { clients }) {
    return {
      provides: {
        provisioner: localPathProvisioner,
        folders,
        controllers: new LostFolders(config.lostNodeSeconds * 1000),
        grants,
      },
      // A claim that is faster than the class gets it a moment later, so nobody's start waits for this write.
      async afterStart() {
        if (config.storageClass !== '') await makeStartingClass(clients.as({ name: user, manager: 'davit' }), config)
      },
    }
  },
})
