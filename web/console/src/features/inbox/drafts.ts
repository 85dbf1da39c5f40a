/** What was typed but not sent, per conversation, for as long as the page lives. */
const texts = new Map<string, string>()

export function draftText(conversationId: string): string {
  return texts.get(conversationId) ?? ''
}

export function keepDraft(conversationId: string, text: string): void {
  if (text.trim()) texts.set(conversationId, text)
  else texts.delete(conversationId)
}
