/** The list with the entry at `from` in the place of that at `to`. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  if (to < 0 || to >= list.length || from === to) return [...list]
  const next = list.toSpliced(from, 1)
  return next.toSpliced(to, 0, list[from]!)
}
