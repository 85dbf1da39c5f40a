import { expect, test } from 'vitest'
import { commandLines, readCommands, readLines } from './automation'

test('lines become prompts, without the empty ones', () => {
  expect(readLines(' Book a table \n\nOpening hours')).toEqual(['Book a table', 'Opening hours'])
})

test('a command is a name and what it does, and reads back as it was written', () => {
  const commands = readCommands('/menu: Shows the menu: all of it\nhelp')
  expect(commands).toEqual([{ command_name: 'menu', command_description: 'Shows the menu: all of it' }, { command_name: 'help', command_description: '' }])
  expect(commandLines(commands)).toBe('menu: Shows the menu: all of it\nhelp')
})
