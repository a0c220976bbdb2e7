/** What StorageClasses call this provisioner, and what stands as their maker in volumes. */
export const provisionerName = 'davit.dev/local-path'
/** Keeps a volume until its folder is gone. */
export const folderFinalizer = 'davit.dev/local-path-folder'
