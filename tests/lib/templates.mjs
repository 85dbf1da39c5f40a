// templates.mjs: the template that a send must have been made for: as many variables, the same buttons and cards.

const letters = (n, parameters) => parameters.map((p, i) => `{{${p.parameter_name ?? i + 1}}}`).join(' and ')

function header(part) {
  const [first] = part.parameters ?? []
  if (!first) return null
  if (first.type === 'text') return { type: 'HEADER', format: 'TEXT', text: `About ${letters(1, part.parameters)} now` }
  return { type: 'HEADER', format: first.type.toUpperCase() }
}

function button(part) {
  const type = part.sub_type.toUpperCase()
  if (type === 'URL') return { type, text: 'Open', url: 'https://shop.example/{{1}}' }
  return { type, text: 'Go' }
}

function parts(components) {
  const out = []
  const head = components.find((one) => one.type === 'header')
  const body = components.find((one) => one.type === 'body')
  const buttons = []
  if (head && header(head)) out.push(header(head))
  out.push({ type: 'BODY', text: body?.parameters?.length ? `Hello ${letters(0, body.parameters)} there.` : 'Hello.' })
  if (components.some((one) => one.type === 'limited_time_offer'))
    out.push({ type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Soon', has_expiration: true } })
  for (const one of components.filter((each) => each.type === 'button')) buttons[Number(one.index ?? 0)] = button(one)
  for (let i = 0; i < buttons.length; i++) buttons[i] ??= { type: 'QUICK_REPLY', text: `Choice ${i}` }
  if (buttons.length) out.push({ type: 'BUTTONS', buttons })
  const cards = components.find((one) => one.type === 'carousel')?.cards
  if (cards) out.push({ type: 'CAROUSEL', cards: cards.map((card) => ({ components: parts(card.components) })) })
  return out
}

/** {language, category, parameter_format, components} for the `template` object of a send. */
export function definitionOf(template) {
  const components = parts(template.components ?? [])
  const isNamed = JSON.stringify(template).includes('"parameter_name"')
  return { language: template.language?.code ?? 'en_US', category: 'MARKETING', parameter_format: isNamed ? 'NAMED' : 'POSITIONAL', components }
}
