/*
 * The part of a long list that is held: a window of rows, and the marks by which the rest is read again.
 *
 * A mark is a place in the order with the cursor that goes on behind it. The window begins right behind a mark, and is
 * cut only at marks: so what is let go comes back whole, whatever moved meanwhile. Pure: windows in, windows out.
 * Indexes tell the scroll bar where things are. They are right for what is held and what was told, and are put right
 * where the window grows upwards.
 */
import type { Conversation, Page } from '@shared/api/types'
import { appendConversations, ORDERS, placeConversation, type Place, type Sort } from './merge'

export interface Mark {
  /** null: the beginning of the list. */
  cursor: string | null
  place: Place | null
  /** How many rows stand before it. */
  index: number
}

export interface ListWindow {
  rows: readonly Conversation[]
  /** In order; marks[0] is the beginning. */
  marks: readonly Mark[]
  /** The rows begin right behind marks[start]. */
  start: number
  /** Goes on behind the rows; null: they are the end. */
  next: string | null
  /** Rows that are known to be there, held or not. */
  reached: number
}

/** What the reader sees: the indexes of the first and the last row. */
export interface Seen { first: number; last: number }

/** Held at most, but for what is near the eye: as many as one bulk change takes. */
export const KEPT_MAX = 1000
/** This near to what is held, the window grows; farther away it is opened anew. */
export const FAR = 150
const MARK_GAP = 25

export const TOP: Mark = { cursor: null, place: null, index: 0 }
export const EMPTY: ListWindow = { rows: [], marks: [TOP], start: 0, next: null, reached: 0 }

const placeOf = ({ id, last_message_ms, created_ms, waiting_since_ms, priority }: Conversation): Place => ({ id, last_message_ms, created_ms, waiting_since_ms, priority })
const isBehind = (mark: Mark, row: Place, sort: Sort) => mark.place !== null && ORDERS[sort](row, mark.place) <= 0
export const offsetOf = (list: ListWindow): number => list.marks[list.start]!.index
const endOf = (list: ListWindow): number => offsetOf(list) + list.rows.length
export const totalOf = (list: ListWindow): number => (list.next === null ? endOf(list) : Math.max(list.reached, endOf(list)))

/* A mark where a page ended, unless there is one near: marks stay as many as pages. */
function withMark(list: ListWindow, page: Page<Conversation>, sort: Sort): ListWindow {
  const last = page.data.at(-1)
  if (!last || page.next_cursor === null) return list
  const place = placeOf(last)
  const index = offsetOf(list) + list.rows.filter((row) => ORDERS[sort](row, place) <= 0).length
  if (list.marks.some((one) => Math.abs(one.index - index) < MARK_GAP)) return list
  const at = list.marks.filter((one) => one.index < index).length
  return { ...list, marks: [...list.marks.slice(0, at), { cursor: page.next_cursor, place, index }, ...list.marks.slice(at)] }
}

const grown = (list: ListWindow): ListWindow => ({ ...list, reached: Math.max(list.reached, endOf(list)) })

/** The window opened behind a mark: at the beginning with nothing known, or elsewhere in the list. */
export function openAt(list: ListWindow, start: number, page: Page<Conversation>, sort: Sort): ListWindow {
  return grown(withMark({ ...list, start, rows: page.data, next: page.next_cursor }, page, sort))
}

/** The page behind the rows. */
export function append(list: ListWindow, page: Page<Conversation>, sort: Sort): ListWindow {
  return grown(withMark({ ...list, rows: appendConversations(list.rows, page.data, sort), next: page.next_cursor }, page, sort))
}

/** Whether rows read from an earlier mark reach up to the window. */
export function reachesWindow(list: ListWindow, rows: readonly Conversation[], sort: Sort): boolean {
  const last = rows.at(-1)
  const begin = list.marks[list.start]!.place
  return !last || !begin || ORDERS[sort](last, begin) >= 0
}

/** What stands between marks[start] and the window, read again; indexes behind it are put right by it. */
export function prepend(list: ListWindow, start: number, rows: readonly Conversation[], sort: Sort): ListWindow {
  const begin = list.marks[list.start]!
  const before = rows.filter((row) => isBehind(begin, row, sort))
  const known = new Set(before.map((one) => one.id))
  const moved = before.length - (begin.index - list.marks[start]!.index)
  const marks = list.marks.map((one, i) => (i >= list.start ? { ...one, index: one.index + moved } : one))
  return { ...list, marks, start, rows: [...before, ...list.rows.filter((one) => !known.has(one.id))], reached: list.reached + moved }
}

/* The farthest mark inside the window before which nothing is near the eye. */
function headCut(list: ListWindow, seen: Seen): number {
  const limit = Math.min(seen.first - FAR, endOf(list) - KEPT_MAX)
  return list.marks.findLastIndex((mark, i) => i >= list.start && mark.index <= limit)
}
function tailCut(list: ListWindow, seen: Seen): number {
  const limit = Math.max(seen.last + FAR, offsetOf(list) + KEPT_MAX)
  return list.marks.findIndex((mark, i) => i > list.start && mark.index >= limit && mark.index < endOf(list))
}

/** Lets go of what is far from the eye, if more than KEPT_MAX are held. */
export function trim(list: ListWindow, seen: Seen, sort: Sort): ListWindow {
  if (list.rows.length <= KEPT_MAX) return list
  const head = headCut(list, seen)
  const from = list.marks[head]
  let out = from && head > list.start ? { ...list, start: head, rows: list.rows.filter((row) => !isBehind(from, row, sort)) } : list
  const tail = tailCut(out, seen)
  const to = out.marks[tail]
  if (to) out = { ...out, rows: out.rows.filter((row) => isBehind(to, row, sort)), next: to.cursor }
  return out
}

/** By how many rows what `old` begins with stands elsewhere in `next`: what is read is to be moved by so much. */
export function shiftOf(old: ListWindow, next: ListWindow): number {
  const begin = old.marks[old.start]!
  return (next.marks.find((mark) => mark.cursor === begin.cursor)?.index ?? begin.index) - begin.index
}

/** The last mark from which row `index` is read soon. */
export function markBefore(list: ListWindow, index: number): number {
  return Math.max(0, list.marks.findLastIndex((mark) => mark.index <= index))
}

function shifted(list: ListWindow, place: Place, by: number, sort: Sort): ListWindow {
  return { ...list, reached: list.reached + by, marks: list.marks.map((mark) => (isBehind(mark, place, sort) ? { ...mark, index: mark.index + by } : mark)) }
}

/** A changed conversation: at its place, if that is in the window. Of others it is not known whether they were counted. */
export function placed(list: ListWindow, changed: Conversation, belongs: boolean, sort: Sort): ListWindow {
  const was = list.rows.find((one) => one.id === changed.id)
  const above = isBehind(list.marks[list.start]!, changed, sort)
  const rows = placeConversation(list.rows, changed, { belongs: belongs && !above, hasMore: list.next !== null, sort })
  const holds = rows.some((one) => one.id === changed.id)
  if (rows === list.rows) return list
  let out: ListWindow = { ...list, rows }
  if (was) out = shifted(out, was, -1, sort)
  if (holds || (was && belongs)) out = shifted(out, changed, 1, sort)
  return out
}
