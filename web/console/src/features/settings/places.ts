/** Time zones and countries, as the browser knows and names them. */

/** All that the browser knows; the present one also when it does not. */
export function timeZones(present: string): string[] {
  const known = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
  return [...new Set(['UTC', ...known, present])].sort()
}

/* Every pair of letters that has a name of its own is a country or territory. */
export function countries(locale: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames([locale], { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const found = letters.flatMap((a) => letters.map((b) => a + b)).flatMap((value) => {
    const label = NOT_COUNTRIES.has(value) ? undefined : names.of(value)
    return label ? [{ value, label }] : []
  })
  return found.sort((a, b) => a.label.localeCompare(b.label, locale))
}
const NOT_COUNTRIES = new Set(['EU', 'EZ', 'UN', 'XA', 'XB', 'ZZ', 'QO'])
