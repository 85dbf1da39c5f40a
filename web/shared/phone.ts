/*
 * Phone numbers as people read them: the country's code, then groups of three and four digits.
 */

/* Codes of one and of two digits; all others have three (ITU E.164). */
const ONE = /^[17]/
const TWO = /^(2[07]|3[0-4]|36|39|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/

function groups(digits: string): string[] {
  if (digits.length <= 4) return digits ? [digits] : []
  const first = digits.length % 4 === 0 ? 4 : 3
  return [digits.slice(0, first), ...(digits.length - first <= 4 ? [digits.slice(first)] : groups(digits.slice(first)))]
}

/** "+6281234567890" as "+62 812 3456 7890"; what is no such number stays as it is. */
export function formatPhone(phone: string): string {
  const digits = /^\+(\d{7,15})$/.exec(phone)?.[1]
  if (!digits) return phone
  const length = ONE.test(digits) ? 1 : TWO.test(digits) ? 2 : 3
  return [`+${digits.slice(0, length)}`, ...groups(digits.slice(length))].join(' ')
}
