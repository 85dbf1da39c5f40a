import { describe, expect, it } from 'vitest'
import vectors from '../../tests/data/variables.json'
import { fillIn, type VariableValues } from './variables'

const { values, good, bad } = vectors as unknown as { values: VariableValues; good: [string, string][]; bad: [string, string][] }

describe('variables', () => {
  it.each(good)('fill %j in as the server does', (text, want) => {
    expect(fillIn(text, values)).toEqual({ text: want, wrong: [] })
  })
  it.each(bad)('tell what is wrong with %j, and leave it', (text, code) => {
    const filled = fillIn(text, values)
    expect(filled.wrong[0]?.code).toBe(code)
    expect(filled.text).toBe(text)
  })
})
