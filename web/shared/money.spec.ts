import { expect, test } from 'vitest'
import { moneyText, sumMoney } from './money'

test('a price of a thousandth keeps its digits', () => {
  expect(moneyText({ amount: '0.0125', currency: 'USD' }, 'en')).toBe('$0.0125')
  expect(moneyText({ amount: '12.5', currency: 'USD' }, 'en')).toBe('$12.50')
})

test('sums stay exact, and apart by currency', () => {
  expect(sumMoney([{ amount: '0.1', currency: 'USD' }, { amount: '0.2', currency: 'USD' }, { amount: '586.33', currency: 'IDR' }, { amount: '0', currency: '' }]))
    .toEqual([{ amount: '0.3', currency: 'USD' }, { amount: '586.33', currency: 'IDR' }])
})
