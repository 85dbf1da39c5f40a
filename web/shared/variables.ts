/*
 * {{contact.name|friend}}: what a text is filled in with, as the server does it (server/inbox/variables.c).
 *
 * tests/data/variables.json holds the two to the same results. Here it is done so that a ready answer stands in
 * the field at once; the values come from the server.
 */
export type VariableValues = Readonly<Record<string, string | null>>

export const VARIABLES = [
  'contact.name', 'contact.first_name', 'contact.phone', 'agent.name', 'agent.first_name', 'conversation.number', 'channel.name', 'workspace.name',
]
const ATTRIBUTES = 'contact.attributes.'

export interface Wrong {
  code: 'missing_variable' | 'unknown_variable' | 'unclosed_variable'
  name: string
}

export interface Filled {
  text: string
  wrong: Wrong[]
}

const isKnown = (name: string) => VARIABLES.includes(name) || (name.startsWith(ATTRIBUTES) && name.length > ATTRIBUTES.length)

function one(inside: string, values: VariableValues): { value: string; wrong?: Wrong } {
  const bar = inside.indexOf('|')
  const name = (bar < 0 ? inside : inside.slice(0, bar)).trim()
  const otherwise = bar < 0 ? null : inside.slice(bar + 1).trim()
  const raw = `{{${inside}}}`
  if (!isKnown(name)) return { value: raw, wrong: { code: 'unknown_variable', name } }
  const value = values[name]
  if (value) return { value }
  return otherwise === null ? { value: raw, wrong: { code: 'missing_variable', name } } : { value: otherwise }
}

/** What cannot be filled in stays as it stands, and is told. */
export function fillIn(text: string, values: VariableValues): Filled {
  const wrong: Wrong[] = []
  let out = ''
  let rest = text
  for (let open = rest.indexOf('{{'); open >= 0; open = rest.indexOf('{{')) {
    const close = rest.indexOf('}}', open + 2)
    if (close < 0) {
      wrong.push({ code: 'unclosed_variable', name: rest.slice(open + 2).trim() })
      break
    }
    const filled = one(rest.slice(open + 2, close), values)
    if (filled.wrong) wrong.push(filled.wrong)
    out += rest.slice(0, open) + filled.value
    rest = rest.slice(close + 2)
  }
  return { text: out + rest, wrong }
}
