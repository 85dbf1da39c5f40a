/*
 * What the server says, in the reader's language. The server speaks English, and knows details (numbers, names);
 * for other languages the catalogue has a sentence by the code that comes with it, and without one the English stays.
 */
import { useI18n } from 'vue-i18n'
import { setFieldWords } from '@shared/api/client'
import { i18n } from '@shared/i18n'

const SERVER_LOCALE = 'en'

/** The server's own words are the reader's language. */
export const speaksServer = () => (i18n.global.locale as unknown as { value: string }).value === SERVER_LOCALE

export function useSaid(): (key: string, sentence: string) => string {
  const { t, te } = useI18n()
  return (key, sentence) => (!speaksServer() && te(key) ? t(key) : sentence)
}

/** From now on wrong fields are told in the reader's language, too. */
export function sayFields(): void {
  const { t, te } = i18n.global as unknown as { t: (key: string) => string; te: (key: string) => boolean }
  setFieldWords(({ code, message }) => (!speaksServer() && te(`problem.field.${code}`) ? t(`problem.field.${code}`) : message))
}
