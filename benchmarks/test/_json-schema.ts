/** As much of JSON Schema 2020-12 as `document.schema.json` uses. */
export interface Schema {
  readonly $schema?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: false
  readonly items?: Schema
}

const KEYWORDS = new Set([
  '$schema', '$ref', '$defs', 'title', 'description', 'type', 'const', 'enum', 'anyOf', 'required', 'properties', 'additionalProperties', 'items',
])

/** What is wrong with `value`, each with its place; nothing when it is valid. Throws for a keyword that it does not know. */
export function violations(root: Schema, value: unknown, schema: Schema = root, at = '$'): string[] {
  const unknown = Object.keys(schema).find((keyword) => !KEYWORDS.has(keyword))
  if (unknown !== undefined) throw new Error(`the schema has the keyword '${unknown}', which is not known here`)
  const found: string[] = []
  const into = (part: unknown, of: Schema, place: string): void => void found.push(...violations(root, part, of, place))
  if (schema.$ref !== undefined) into(value, resolve(root, schema.$ref), at)
  if (schema.type !== undefined && ![schema.type].flat().includes(typeOf(value))) found.push(`${at} is ${typeOf(value)}, expected ${String(schema.type)}`)
  if ('const' in schema && value !== schema.const) found.push(`${at} is ${JSON.stringify(value)}, expected ${JSON.stringify(schema.const)}`)
  if (schema.enum?.includes(value) === false) found.push(`${at} is ${JSON.stringify(value)}, expected one of ${JSON.stringify(schema.enum)}`)
  if (schema.anyOf?.every((one) => violations(root, value, one, at).length > 0) === true) found.push(`${at} fits none of anyOf`)
  if (Array.isArray(value)) {
    if (schema.items !== undefined) value.forEach((item, i) => into(item, schema.items!, `${at}[${i}]`))
  } else if (typeof value === 'object' && value !== null) {
    const { required = [], properties = {} } = schema
    for (const name of required) if (!(name in value)) found.push(`${at}.${name} is missing`)
    for (const [name, part] of Object.entries(value)) {
      const of = properties[name]
      if (of !== undefined) into(part, of, `${at}.${name}`)
      else if (schema.additionalProperties === false) found.push(`${at}.${name} is not known`)
    }
  }
  return found
}

function resolve({ $defs = {} }: Schema, ref: string): Schema {
  const found = $defs[ref.replace('#/$defs/', '')]
  if (found === undefined) throw new Error(`the schema has no ${ref}`)
  return found
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}
