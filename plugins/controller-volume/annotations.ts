/** The annotations by which binders, provisioners and the scheduler of Kubernetes talk to each other. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner'
/** The name of `storageProvisioner` before 1.23, which external provisioners still look for. */
export const oldStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner'
export const storageResizer = 'volume.kubernetes.io/storage-resizer'
