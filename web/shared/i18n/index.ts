/*
 * Texts: English and Indonesian, one catalogue loaded at a time.
 *
 * tools/catalogues.mjs fails the build when a key that the source names is missing in either.
 */
import { createI18n } from 'vue-i18n'

export const LOCALES = ['en', 'id'] as const
export type Locale = (typeof LOCALES)[number]

const STORED = 'parley.locale'
const loaders: Record<Locale, () => Promise<{ default: Record<string, unknown> }>> = {
  en: () => import('./en.json'),
  id: () => import('./id.json'),
}

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: false, messages: {} })

export function isLocale(value: unknown): value is Locale {
  return LOCALES.includes(value as Locale)
}

/** What was chosen here before, else what the browser asks for, else English. */
export function preferredLocale(): Locale {
  const stored = localStorage.getItem(STORED)
  if (isLocale(stored)) return stored
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLocale) ?? 'en'
}

export async function setLocale(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale as never)) {
    const { default: texts } = await loaders[locale]()
    i18n.global.setLocaleMessage(locale as never, texts as never)
  }
  ;(i18n.global.locale as unknown as { value: string }).value = locale
  document.documentElement.lang = locale
  localStorage.setItem(STORED, locale)
}
