export const nodeImage: string
/** True when a Docker daemon answers. */
export function dockerAnswers(): Promise<boolean>
/** Imports the image unless it is there; answers whether it had to. */
export function ensureNodeImage(): Promise<boolean>
