/** Lines of a text field, as WhatsApp's lists of prompts and commands. */
export interface Command { command_name: string; command_description: string }

export function readLines(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter(Boolean)
}

/** "menu: Shows the menu"; what stands behind the first colon explains it. */
export function readCommands(text: string): Command[] {
  return readLines(text).map((line) => {
    const [name = '', ...rest] = line.replace(/^\//, '').split(':')
    return { command_name: name.trim(), command_description: rest.join(':').trim() }
  })
}

export function commandLines(commands: Command[]): string {
  return commands.map((one) => (one.command_description ? `${one.command_name}: ${one.command_description}` : one.command_name)).join('\n')
}
