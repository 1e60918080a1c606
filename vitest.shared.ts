/** Packages are tested from their sources: no build first. */
export const conditions: string[] = ['@layerfour/source', 'module', 'import', 'default']

export const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
}
