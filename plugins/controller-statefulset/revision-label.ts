/** On Pods: the name of their ControllerRevision. */
export const revisionHashLabel = 'controller-revision-hash'
/** On ControllerRevisions: the hash of what they hold. */
export const dataHashLabel = 'controller.kubernetes.io/hash'
