import js from '@eslint/js'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import { floors } from './scripts/floors.ts'

const appsAreRoofs = {
  regex: '(^|/)apps/|^@layerfour/(cli|web|deno)(/|$)',
  message: 'Apps compose packages; no package imports an app.',
}
const walls = {
  // Own source folders are never called src, dist or test, so such a path leaves the package.
  regex: '^\\.{1,2}/(.*/)?(src|dist|test)(/|$)',
  message: 'A package reaches another one by its name, never by its files.',
}

/** Where protocol code gets what it may not take from the host. */
const hostGlobals = {
  'is an argument: a monotonic number of milliseconds': ['Date', 'performance', 'Temporal'],
  'comes from outside: secrets and randomness are arguments': ['crypto'],
  'belongs to a driver: say when to be polled next': [
    'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'requestAnimationFrame',
    'queueMicrotask', 'Promise',
  ],
  'belongs to an observer: the core is plain data and plain calls': [
    'console', 'Event', 'EventTarget', 'AbortSignal', 'AbortController', 'MessageChannel',
  ],
  'differs from host to host': [
    'globalThis', 'window', 'self', 'process', 'Buffer', 'Deno', 'Bun', 'fetch', 'Intl', 'navigator', 'WeakRef', 'FinalizationRegistry',
    'SharedArrayBuffer', 'Atomics', 'Worker',
  ],
}

/** Engines may round these differently; + - * / and Math.sqrt are exact by IEEE 754. */
const inexact = [
  'pow', 'exp', 'expm1', 'log', 'log2', 'log10', 'log1p', 'cbrt', 'hypot', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2',
  'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh',
]

const synchronous = 'The core is synchronous: one loop of receive and poll.'

const sansIo = {
  'no-restricted-globals': [
    'error',
    ...Object.entries(hostGlobals).flatMap(([why, names]) => names.map((name) => ({ name, message: `${name} ${why}.` }))),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'Randomness is an argument.' },
    ...inexact.map((property) => ({ object: 'Math', property, message: 'Not bit-identical in every engine.' })),
  ],
  'no-restricted-syntax': [
    'error',
    { selector: ':function[async=true]', message: synchronous },
    { selector: 'AwaitExpression', message: synchronous },
    { selector: 'ForOfStatement[await=true]', message: synchronous },
    { selector: 'ImportExpression', message: synchronous },
    { selector: 'TSTypeReference > Identifier[name=/^(Promise|PromiseLike)$/]', message: synchronous },
    // Powers of two between literals, as 2 ** 32, are exact.
    {
      selector: 'BinaryExpression[operator="**"]:not([left.value=2][right.type="Literal"])',
      message: '** is not bit-identical in every engine.',
    },
    { selector: 'AssignmentExpression[operator="**="]', message: '**= is not bit-identical in every engine.' },
  ],
}

/** What `room` may not import, said per package so that the message names the way out. */
function floorRules(name, room) {
  const allowed = room.imports.length > 0 ? `(?!(?:${room.imports.join('|')})(?:/|$))` : ''
  const list = room.imports.length > 0 ? room.imports.map((other) => `@layerfour/${other}`).join(', ') : 'no other package'
  const patterns = [
    appsAreRoofs,
    walls,
    { regex: `^@layerfour/${allowed}`, message: `@layerfour/${name} stands on floor ${room.floor} and imports ${list}.` },
  ]
  if (room.core) patterns.push({ regex: '^node:', message: 'The core runs anywhere: no Node modules.' })
  return {
    name: `layerfour/floor-of-${name}`,
    files: [`packages/${name}/src/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns }],
      ...(room.core ? sansIo : {}),
    },
  }
}

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '**/coverage/', '**/.turbo/', '**/.vite/'] },
  {
    name: 'layerfour/all',
    files: ['**/*.{js,ts}'],
    extends: [js.configs.recommended],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'comma-dangle': ['error', 'always-multiline'],
      curly: ['error', 'multi-line'],
      'eol-last': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-len': ['error', { code: 140, ignoreUrls: true, ignoreRegExpLiterals: true, ignoreStrings: true, ignoreTemplateLiterals: true }],
      'no-tabs': 'error',
      'no-trailing-spaces': 'error',
      'no-var': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
      'object-shorthand': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      quotes: ['error', 'single', { avoidEscape: true, allowTemplateLiterals: true }],
      semi: ['error', 'never'],
    },
  },
  {
    name: 'layerfour/typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Typed arrays read in hot paths are in range by construction; `!` says so at no cost.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Segment and protocol numbers stand in messages all over.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An AbortSignal's reason is whatever its owner chose, and is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...Object.entries(floors).map(([name, room]) => floorRules(name, room)),
  {
    name: 'layerfour/packages-do-not-know-apps',
    files: ['packages/*/{src,test}/**/*.ts'],
    ignores: Object.keys(floors).map((name) => `packages/${name}/src/**`),
    rules: { 'no-restricted-imports': ['error', { patterns: [appsAreRoofs] }] },
  },
  {
    name: 'layerfour/tests',
    files: ['**/test/**/*.ts', 'tests/**/*.ts'],
    rules: {
      // expect(object.method) asks about the method, it does not call it.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
)
