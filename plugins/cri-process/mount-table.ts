/** The lines of an fstab(5), with the container's root before each target. */
export class MountTable {
  readonly #root: string
  readonly #lines: string[] = []

  constructor(root: string) {
    this.#root = root
  }

  inside(path: string): string {
    return path === '/' ? this.#root : `${this.#root}${path}`
  }

  add(source: string, target: string, type: string, options: string): void {
    this.#lines.push([source, this.inside(target), type, options].map(escapeField).join(' '))
  }

  bind(source: string, target: string, options: string): void {
    this.add(source, target, 'none', options)
  }

  text(): string {
    return this.#lines.map((line) => `${line} 0 0\n`).join('')
  }
}

function escapeField(text: string): string {
  return text.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
