import { describe, expect, it } from 'vitest'
import { TRANSPORT_START, configErrors, lineOf, parseConfig } from './transport'

describe('the configuration of a transport', () => {
  it('is an object, and begins with one that is', () => {
    expect(parseConfig(TRANSPORT_START).config).toHaveProperty('request.url')
    expect(parseConfig('[1]').config).toBeNull()
    expect(parseConfig('{"a":').fault).toBeTruthy()
  })
  it('shows an error at the line of its field, or of what should hold it', () => {
    expect(lineOf(TRANSPORT_START, 'config.request.url')).toBe(7)
    expect(lineOf(TRANSPORT_START, 'config.request.headers.Authorization')).toBe(8)
    expect(lineOf(TRANSPORT_START, 'config.webhook.auth')).toBeNull()
    expect(lineOf(TRANSPORT_START, 'config.request.timeout_ms')).toBe(5)
  })
  it('takes only the errors of the configuration', () => {
    const fields = [{ field: 'name', code: 'required', message: 'a' }, { field: 'config.address', code: 'required', message: 'b' }]
    expect(configErrors(fields).map((error) => error.message)).toEqual(['b'])
  })
})
