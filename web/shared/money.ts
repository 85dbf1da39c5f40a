/** Money comes as a decimal text: a price of a thousandth keeps all its digits. */
import type { Money } from './api/types'

const DIGITS_MAX = 6

export function moneyText(money: Money, locale: string): string {
  const amount = Number(money.amount)
  if (!money.currency) return amount.toLocaleString(locale)
  return new Intl.NumberFormat(locale, { style: 'currency', currency: money.currency, maximumFractionDigits: DIGITS_MAX }).format(amount)
}

/** Sums by currency, in the order in which they come: amounts of different money are never added. */
export function sumMoney(all: Money[]): Money[] {
  const sums = new Map<string, number>()
  for (const one of all) if (one.currency) sums.set(one.currency, (sums.get(one.currency) ?? 0) + Math.round(Number(one.amount) * 1e6))
  return [...sums].map(([currency, micros]) => ({ amount: String(micros / 1e6), currency }))
}
