/** The configuration of a transport as its editor has it: JSON text, read before anything is sent. */
import type { FieldError } from '@shared/api/client'

export const TRANSPORT_START = `{
  "address": "PHONE",
  "content": "TEXT",
  "secrets": { "token": "" },
  "request": {
    "method": "POST",
    "url": "https://gateway.example/messages",
    "headers": { "Authorization": "Bearer {%secrets.token%}" },
    "body": { "to": "+{%to%}", "text": "{%content%}", "reference": "{%id%}" }
  },
  "response": { "id": "id", "error": { "code": "error.code", "message": "error.message" } }
}`

export type Parsed = { config: Record<string, unknown>; fault: null } | { config: null; fault: string }

/** JSON's own words say where: they are shown as they are. */
export function parseConfig(text: string): Parsed {
  try {
    const config: unknown = JSON.parse(text || '{}')
    if (typeof config !== 'object' || config === null || Array.isArray(config)) return { config: null, fault: '{ … }' }
    return { config: config as Record<string, unknown>, fault: null }
  } catch (error) {
    return { config: null, fault: error instanceof Error ? error.message : String(error) }
  }
}

/** The lines of an editor where the last key of a field's path stands, from 1: the first that fits behind its parents. */
export function lineOf(text: string, field: string): number | null {
  const keys = field.replace(/^config\./, '').split(/\.|\[\d+\]/).filter(Boolean)
  const lines = text.split('\n')
  let at = 0
  let found: number | null = null
  for (const key of keys) {
    const next = lines.findIndex((line, index) => index >= at && line.includes(`${JSON.stringify(key)}`))
    if (next < 0) break
    at = next
    found = next + 1
  }
  return found
}

export const configErrors = (fields: readonly FieldError[]): FieldError[] => fields.filter((error) => error.field === 'config' || error.field.startsWith('config.'))
