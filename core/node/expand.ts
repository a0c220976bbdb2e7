/** Replaces `$(NAME)`; `$$` stands for one dollar; what is not known stays as it is written. */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, what: string, name: string | undefined) => {
    if (what === '$') return '$'
    return lookUp(name ?? '') ?? whole
  })
}
