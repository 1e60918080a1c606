import manifest from '../package.json' with { type: 'json' }

/** Of the program, as npm knows it. */
export const version: string = manifest.version
